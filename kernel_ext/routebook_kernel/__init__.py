"""The IPython extension of Routebook: `%load_ext routebook_kernel`."""
