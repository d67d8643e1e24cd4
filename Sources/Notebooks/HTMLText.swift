/// Text made safe for HTML.
enum HTMLText {
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The address of a link or picture, or nil when it could run something.
  static func safeAddress(_ address: String, isPicture: Bool = false) -> String? {
    let trimmed = address.trimmingSpaces
    let plain = trimmed.unicodeScalars.filter { $0.value > 0x20 }
    let compact = String(String.UnicodeScalarView(plain)).lowercased()
    guard let colon = compact.firstIndex(of: ":"),
      !compact[..<colon].contains(where: { "/?#".contains($0) })
    else { return escaped(trimmed) }
    let schemes: Set = ["http", "https", "mailto"]
    if schemes.contains(String(compact[..<colon])) { return escaped(trimmed) }
    return isPicture && compact.hasPrefix("data:image/") ? escaped(trimmed) : nil
  }
}

/// Text with ANSI colour sequences as HTML; other control sequences are dropped.
enum ANSIText {
  static func html(_ text: String) -> String {
    var result = ""
    var style = Style()
    var rest = text[...]
    var plain = ""
    func flush() {
      guard !plain.isEmpty else { return }
      let escaped = HTMLText.escaped(plain)
      result += style.isPlain ? escaped : "<span\(style.attributes)>\(escaped)</span>"
      plain = ""
    }
    while let next = rest.unicodeScalars.first {
      guard next == "\u{1B}" else {
        plain.unicodeScalars.append(next)
        rest = rest[rest.unicodeScalars.index(after: rest.startIndex)...]
        continue
      }
      let scalars = rest.unicodeScalars.dropFirst()
      guard scalars.first == "[" else {
        rest = Substring(scalars)
        continue
      }
      let body = scalars.dropFirst().prefix { !("@"..."~").contains($0) }
      let final = scalars[body.endIndex...].first
      if final == "m" {
        flush()
        style.apply(String(body).split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 })
      }
      rest = Substring(scalars[body.endIndex...].dropFirst())
    }
    flush()
    return result
  }

  private struct Style {
    var classes: Set<String> = []
    var foreground: String?
    var background: String?

    var isPlain: Bool { classes.isEmpty && foreground == nil && background == nil }

    var attributes: String {
      var names = classes.sorted()
      var css = ""
      for (value, kind, property) in [(foreground, "f", "color"), (background, "b", "background")] {
        guard let value else { continue }
        if value.hasPrefix("#") { css += "\(property):\(value);" } else { names.append("a\(kind)\(value)") }
      }
      let attribute = names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
      return attribute + (css.isEmpty ? "" : " style=\"\(css)\"")
    }

    mutating func apply(_ codes: [Int]) {
      var rest = codes[...]
      while let code = rest.popFirst() {
        switch code {
        case 0: self = Style()
        case 1: classes.insert("ab")
        case 2: classes.insert("ad")
        case 3: classes.insert("ai")
        case 4: classes.insert("au")
        case 7: classes.insert("ar")
        case 22: classes.subtract(["ab", "ad"])
        case 23: classes.remove("ai")
        case 24: classes.remove("au")
        case 27: classes.remove("ar")
        case 30...37: foreground = String(code - 30)
        case 90...97: foreground = String(code - 82)
        case 39: foreground = nil
        case 40...47: background = String(code - 40)
        case 100...107: background = String(code - 92)
        case 49: background = nil
        case 38: foreground = Self.extended(&rest)
        case 48: background = Self.extended(&rest)
        default: break
        }
      }
    }

    private static func extended(_ rest: inout ArraySlice<Int>) -> String? {
      switch rest.popFirst() {
      case 5:
        guard let index = rest.popFirst(), (0...255).contains(index) else { return nil }
        if index < 16 { return String(index) }
        if index >= 232 { return hexadecimal([Int](repeating: 8 + 10 * (index - 232), count: 3)) }
        let levels = [0, 95, 135, 175, 215, 255]
        let cube = index - 16
        return hexadecimal([levels[cube / 36], levels[cube / 6 % 6], levels[cube % 6]])
      case 2:
        let parts = Array(rest.prefix(3))
        rest = rest.dropFirst(3)
        return parts.count == 3 ? hexadecimal(parts.map { min(255, max(0, $0)) }) : nil
      default: return nil
      }
    }

    private static func hexadecimal(_ parts: [Int]) -> String {
      "#" + parts.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }
}
