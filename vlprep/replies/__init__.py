"""What models reply, as text and as values: no model, no picture and no clip is known here."""
