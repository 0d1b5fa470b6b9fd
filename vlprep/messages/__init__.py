"""Messages as others wrote them, in requests and rows of data sets: their media and their text."""
