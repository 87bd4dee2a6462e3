"""Ownership: which cell defined what, conflicts between cells, rebinding. Pure: no IPython, no loop, no socket."""
