"""What has to be done because something else happened: deadlines of states, missing files, new handlers."""
