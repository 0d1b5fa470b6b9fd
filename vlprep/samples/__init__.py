"""Samples: requests and rows of data sets, counted and held against limits before they are used."""
