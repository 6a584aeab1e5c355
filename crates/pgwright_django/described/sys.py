from _pgwright import unknown

version_info = (3, 13, 0)
platform = "linux"
argv = unknown("the command line")
path = unknown("sys.path")
modules = unknown("sys.modules")
maxsize = 9223372036854775807
