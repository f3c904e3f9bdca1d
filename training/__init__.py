"""How the shipped reader was made, to be run again: data -> features -> train -> export -> check."""
