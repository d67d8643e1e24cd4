import Glibc

/// The Lua modules we ship lie beside this file, in `yuyan/`.
public enum Stdlib {
  /// The folder of the Lua modules below a root such as `../share/yuyan`.
  public static let folderName = "yuyan"

  /// The Lua modules are nowhere near the program.
  public struct NotFound: Error, Equatable, CustomStringConvertible {
    /// The folders that were looked at.
    public let searched: [String]
    public var description: String {
      "yuyan's Lua files were not found: no yuyan/init.lua in \(searched.joined(separator: ", ")); "
        + "set YUYAN_STDLIB to the folder that holds it"
    }
  }

  /// The folder that holds `yuyan/init.lua`: `$YUYAN_STDLIB` alone if it is set, else `stdlib` beside the executable, else
  /// `../share/yuyan`, else `stdlib` of the package that the executable was built in.
  ///
  /// - Throws: `NotFound`.
  public static func locate() throws -> String {
    try locate(environment: getenv("YUYAN_STDLIB").map { String(cString: $0) }, executable: executable)
  }

  /// - Parameter executable: its path, links resolved.
  static func locate(environment: String?, executable: String) throws -> String {
    let searched = candidates(environment: environment, executable: executable)
    guard let folder = searched.first(where: { access("\($0)/\(folderName)/init.lua", R_OK) == 0 }) else {
      throw NotFound(searched: searched)
    }
    return folder
  }

  private static func candidates(environment: String?, executable: String) -> [String] {
    if let environment, !environment.isEmpty { return [environment] }
    let folder = folder(of: executable)
    var result = ["\(folder)/stdlib", "\(self.folder(of: folder))/share/yuyan"]
    var parent = folder
    while !parent.isEmpty {
      if parent.hasSuffix("/.build") { result.append("\(self.folder(of: parent))/stdlib") }
      parent = self.folder(of: parent)
    }
    return result
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// The running program's own file, links resolved.
  private static var executable: String {
    guard let path = realpath("/proc/self/exe", nil) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }
}
