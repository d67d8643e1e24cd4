// Replaced by the first real suite of Files.
