import Files
import Glibc
import Scripting
import TestSupport
import Testing

@testable import Library

/// What lua-language-server reads: written from the declarations by `RECORD=1 scripts/test`.
@Suite struct AnnotationTests {
  static let folder =
    FileSystem.folder(of: FileSystem.folder(of: FileSystem.folder(of: #filePath))) + "/stdlib/meta/yuyan"

  /// The definition files by name.
  static var texts: [String: String] {
    let modules = Library.modules.map(\.documentation)
    var texts = ["init.lua": Annotations.root(modules, writtenInLua: parts)]
    for module in modules {
      texts["\(module.name.split(separator: ".").last ?? "").lua"] = Annotations.text(module)
    }
    return texts
  }

  /// The parts of `yy` that are Lua files; the server reads these themselves.
  private static var parts: [String] {
    let session = try? Library.makeSession()
    let native = Set(Library.modules.map { $0.documentation.name })
    let names = try? session?.evaluate(
      "local names = {} for name in pairs(getmetatable(yy).__methods) do names[#names + 1] = name end "
        + "table.sort(names) return table.concat(names, ' ')", name: "parts")
    let all = (names?.plainText ?? "").split(separator: " ").map(String.init)
    return all.filter { !native.contains("yuyan." + $0) }
  }

  @Test func definitionFilesAreNotStale() throws {
    let texts = Self.texts
    if getenv("RECORD") != nil {
      if FileSystem.exists(Self.folder) { try FileSystem.remove(Self.folder) }
      try FileSystem.makeFolders(Self.folder)
      for (name, text) in texts { try AtomicFile.write(text, to: "\(Self.folder)/\(name)") }
    }
    #expect(try FileSystem.list(Self.folder).sorted() == texts.keys.sorted())
    for (name, text) in texts {
      let written = String(decoding: try FileSystem.read("\(Self.folder)/\(name)"), as: UTF8.self)
      #expect(written == text, "\(name) is stale; RECORD=1 writes it anew")
    }
  }

  @Test(arguments: texts.keys.sorted()) func definitionFilesAreLua(_ name: String) throws {
    _ = try Interpreter().load(Self.texts[name] ?? "", name: "@" + name)
  }
}
