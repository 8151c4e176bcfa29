"""The changes of the tables, one file each in versions/, in the order in which each names the one before it."""
