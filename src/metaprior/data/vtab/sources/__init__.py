"""Where tasks are read from: one file for each layout that people have on their disks."""
