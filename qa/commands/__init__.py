"""The commands of ``qa``, one file each, loaded when asked for."""
