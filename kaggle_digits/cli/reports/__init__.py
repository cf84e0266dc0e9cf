"""What commands print of their results. Each module is loaded when its command runs, with the rooms that it needs."""
