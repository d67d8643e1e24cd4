import Glibc

exit(Door.open(Array(CommandLine.arguments.dropFirst())).rawValue)
