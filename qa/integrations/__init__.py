"""The assistant in the shapes of other tools, one file each; a file needs the extra of its name."""
