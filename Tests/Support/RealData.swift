import Glibc

/// The folder of real texts, tokenizers and models that `YUYAN_DATA` names; tests that need it are skipped when
/// the variable is not set.
///
/// A variable that names no folder is a mistake and not a reason to skip: the tests run and fail in `path`.
public enum RealData {
  public static var isAvailable: Bool { folder != nil }

  /// A file of the data, given as in its list of sources: `text/zh/cnews_val_1000.txt`.
  public static func path(_ name: String) throws -> String {
    guard let folder else { throw Missing(description: "YUYAN_DATA is not set") }
    let path = folder + "/" + name
    guard access(folder, R_OK) == 0 else { throw Missing(description: "YUYAN_DATA: no folder \(folder)") }
    guard access(path, R_OK) == 0 else { throw Missing(description: "YUYAN_DATA: no file \(path)") }
    return path
  }

  private static var folder: String? {
    guard let value = getenv("YUYAN_DATA"), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  public struct Missing: Error, CustomStringConvertible {
    public let description: String
  }
}
