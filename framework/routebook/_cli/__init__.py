"""Behind the command line: finding an application, and the commands."""
