"""The catalogue of models as data, and how to look it up. No arithmetic, no files of the user's."""
