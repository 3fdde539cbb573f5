"""Where the bytes of uploaded files are: a folder, or a bucket."""
