/// Numbers of bytes as people write and read them: "1.2 GB", in powers of 1000.
public enum ByteCount {
  /// In GB from a billion on, else in MB, with one digit after the point.
  public static func text(_ bytes: Int) -> String {
    let unit = bytes >= 1_000_000_000 ? 1e9 : 1e6
    let tenths = Int((Double(bytes) / unit * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(unit == 1e9 ? "GB" : "MB")"
  }

  /// Reads "4GB", "1.5 GB", "512 MiB" or "100000"; nil for anything else.
  public static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.uppercased()
    guard let number = Double(digits), let size = units[unit], number * size < 1e18 else { return nil }
    return Int(number * size)
  }

  private static let units: [String: Double] = [
    "": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    "KIB": 1024, "MIB": 1_048_576, "GIB": 1_073_741_824, "TIB": 1_099_511_627_776,
  ]
}
