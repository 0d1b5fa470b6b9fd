"""Split a page into pieces that a model can read, cut a region out, and map answers back."""
