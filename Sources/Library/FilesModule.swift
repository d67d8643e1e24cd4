import Files
import Scripting

let filesModule = LuaModule(
  "yuyan.files", "Reading and writing files; every error names the path.",
  [
    LuaFunction(
      "exists", "Tells whether a file or folder is there.",
      Param<String>("path", "a file or folder"), returns: Returns<Bool>("exists", "whether it is there"),
      example: "yy.files.exists('/no/such/file')  --> false"
    ) { path in FileSystem.exists(path) },
    LuaFunction(
      "is_file", "Tells whether a path is a file, and not a folder.",
      Param<String>("path", "a file or folder"),
      returns: Returns<Bool>("is_file", "false where there is nothing"),
      example: "yy.files.is_file('/')  --> false"
    ) { path in FileSystem.isRegularFile(path) },
    LuaFunction(
      "size", "Tells how long a file is.",
      Param<String>("path", "a file"), returns: Returns<Int>("bytes", "its length"),
      example: "yy.files.size('notes.txt')"
    ) { path in Int(try FileSystem.size(path)) },
    LuaFunction(
      "sha256", "Computes the SHA-256 of a file's content.",
      Param<String>("path", "a file"), returns: Returns<String>("digest", "64 hexadecimal digits"),
      example: "yy.files.sha256('notes.txt')"
    ) { path in try SHA256.hex(ofFile: path) },
    LuaFunction(
      "read", "Reads a whole file.",
      Param<String>("path", "a file"), returns: Returns<LuaBytes>("bytes", "its content"),
      example: "yy.files.read('notes.txt')"
    ) { path in LuaBytes(try FileSystem.read(path)) },
    LuaFunction(
      "write", "Writes a whole file, or leaves what was there if that fails.",
      Param<String>("path", "the file"), Param<LuaBytes>("content", "its new content"),
      example: "yy.files.write('notes.txt', 'text')"
    ) { path, content in try AtomicFile.write(content.bytes, to: path) },
    LuaFunction(
      "append", "Adds one line to the end of a file.",
      Param<String>("path", "the file; made where it is missing"),
      Param<String>("line", "the line, without its end"),
      example: "yy.files.append('log.txt', 'a line')"
    ) { path, line in try AppendFile(path).append(line) },
    LuaFunction(
      "make_folder", "Makes a folder and those above it; one that is there is left as it is.",
      Param<String>("path", "the folder"), example: "yy.files.make_folder('out/metrics')"
    ) { path in try FileSystem.makeFolders(path) },
    LuaFunction(
      "remove", "Removes a file, or a folder with all in it.",
      Param<String>("path", "a file or folder"), example: "yy.files.remove('out/old')"
    ) { path in try FileSystem.remove(path) },
    LuaFunction(
      "list", "Lists the files that patterns match, sorted.",
      Param<[String]>("patterns", "paths that may hold * ? [] and **"),
      returns: Returns<[String]>("paths", "the files"), example: "yy.files.list({ 'zh/*.txt' })"
    ) { patterns in try Glob.expand(patterns) },
    LuaFunction(
      "available_bytes", "Tells how many bytes the disk of a path can still take.",
      Param<String>("path", "a folder"), returns: Returns<Int>("bytes", "free space for this user"),
      example: "yy.files.available_bytes('.')"
    ) { path in Int(try FileSystem.availableBytes(at: path)) },
  ])
