"""What open pages follow: the feed of changes of a project, read once in a process for all of its streams."""
