"""Other libraries' functions on top of vlprep, with their names and their arguments."""
