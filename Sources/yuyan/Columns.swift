import Glibc

/// Widths on a terminal, where a Chinese character takes two columns.
enum Columns {
  /// The width of the terminal that standard error shows; 80 where there is none.
  static var terminal: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
    return Int(size.ws_col)
  }

  /// As much of a text as fits, with an ellipsis where it was cut.
  static func fitting(_ text: String, _ columns: Int) -> String {
    guard text.reduce(0, { $0 + width($1) }) > columns else { return text }
    var kept = ""
    var used = 1
    for character in text {
      used += width(character)
      guard used <= columns else { break }
      kept.append(character)
    }
    return kept + "…"
  }

  /// East Asian wide and full-width ranges, and emoji.
  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
