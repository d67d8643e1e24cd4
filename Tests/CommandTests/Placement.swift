import Files
import TestSupport
import Testing

/// Where the program finds its Lua files.
@Suite struct Placement {
  static func missing(in folders: String...) -> String {
    "yuyan: yuyan's Lua files were not found: no yuyan/init.lua in \(folders.joined(separator: ", ")); "
      + "set YUYAN_STDLIB to the folder that holds it\n"
  }

  /// A copy of the program as `scripts/install` puts it.
  private static func installed(in folder: TemporaryFolder, stdlib: String?) throws -> String {
    try FileSystem.makeFolders(folder.file("bin"))
    let program = folder.file("bin/yuyan")
    #expect(try Binary.run("-e", "assert(os.execute('cp \(Binary.path) \(program)'))").status == 0)
    if let stdlib {
      try FileSystem.makeFolders(FileSystem.folder(of: folder.file(stdlib)))
      #expect(
        try Binary.run("-e", "assert(os.execute('cp -r \(Binary.stdlib)/ \(folder.file(stdlib))'))").status
          == 0)
    }
    return program
  }

  @Test(arguments: ["bin/stdlib", "share/yuyan"])
  func movesWithItsLuaFiles(_ stdlib: String) throws {
    let folder = try TemporaryFolder()
    let program = try Self.installed(in: folder, stdlib: stdlib)
    let link = folder.file("link")
    #expect(try Binary.run("-e", "assert(os.execute('ln -s \(program) \(link)'))").status == 0)
    for path in [program, link] {
      let run = try Binary.run(
        "-e", "print(yy.pretty.format({ 1 }), package.searchpath('yuyan.plot', package.path))",
        environment: ["YUYAN_STDLIB": ""], executable: path)
      #expect(run.output == "{ 1 }\t\(folder.file(stdlib))/yuyan/plot.lua\n")
      #expect(run.error == "")
      #expect(run.status == 0)
    }
  }

  @Test func saysWhereItLooked() throws {
    let folder = try TemporaryFolder()
    let program = try Self.installed(in: folder, stdlib: nil)
    let run = try Binary.run("-e", "print(1)", environment: ["YUYAN_STDLIB": ""], executable: program)
    #expect(run.error == Self.missing(in: folder.file("bin/stdlib"), folder.file("share/yuyan")))
    #expect(run.output == "")
    #expect(run.status == 1)
  }

  @Test func theEnvironmentDecidesAlone() throws {
    let run = try Binary.run("-e", "print(1)", environment: ["YUYAN_STDLIB": "/nowhere"])
    #expect(run.error == Self.missing(in: "/nowhere"))
    #expect(run.status == 1)
  }
}
