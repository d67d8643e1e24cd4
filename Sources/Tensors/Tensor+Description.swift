import Glibc

/// How a tensor reads in a REPL: `tensor (2, 3) f32 [[1, 2, 3], [4, 5, 6]]`.
///
/// Numbers have up to four decimals. What does not fit on a line is set as a table, a line per row; of more
/// than eight elements along an axis the first three and the last three are shown; of many matrices the first
/// and the last.
extension Tensor: CustomStringConvertible {
  public var description: String {
    let head = "tensor (\(shape.map(String.init).joined(separator: ", "))) \(dataType.rawValue)"
    let layout = Layout(tensor: converted(to: .f32))
    let line = layout.text(width: 0)
    if head.count + 1 + line.count <= Layout.lineWidth { return "\(head) \(line)" }
    return "\(head)\n" + layout.text(width: layout.widest)
  }

  private struct Layout {
    static let lineWidth = 100

    let tensor: Tensor
    private var cells: [Int: String] = [:]
    private(set) var widest = 0

    init(tensor: Tensor) {
      self.tensor = tensor
      collect(axis: 0, start: 0)
    }

    private mutating func collect(axis: Int, start: Int) {
      guard axis < tensor.shape.count else {
        let cell = Tensor.text(of: tensor.pointer[start])
        cells[start] = cell
        widest = Swift.max(widest, cell.count)
        return
      }
      let stride = tensor.shape[(axis + 1)...].reduce(1, *)
      for index in shown(axis).compactMap({ $0 }) {
        collect(axis: axis + 1, start: start + index * stride)
      }
    }

    /// The indices that are shown along an axis; nil stands for those left out.
    private func shown(_ axis: Int) -> [Int?] {
      let length = tensor.shape[axis]
      let isCrowded = tensor.count > 1000 && axis < tensor.shape.count - 2
      let (most, edge) = isCrowded ? (2, 1) : (8, 3)
      guard length > most else { return (0..<length).map { $0 } }
      return (0..<edge).map { $0 } + [nil] + (length - edge..<length).map { $0 }
    }

    /// The elements on one line (width 0), or as a table with columns of a width.
    func text(width: Int) -> String { text(axis: 0, start: 0, width: width) }

    private func text(axis: Int, start: Int, width: Int) -> String {
      guard axis < tensor.shape.count else {
        let cell = cells[start, default: ""]
        return String(repeating: " ", count: Swift.max(0, width - cell.count)) + cell
      }
      let stride = tensor.shape[(axis + 1)...].reduce(1, *)
      let parts = shown(axis).map { index in
        index.map { text(axis: axis + 1, start: start + $0 * stride, width: width) } ?? "…"
      }
      // Between matrices an empty line, between rows a new line, between numbers a space.
      let below = tensor.shape.count - axis - 1
      let isTable = width > 0 && below > 0
      let gap = isTable ? String(repeating: "\n", count: below > 1 ? 2 : 1) : " "
      let indent = isTable ? String(repeating: " ", count: axis + 1) : ""
      return "[" + parts.joined(separator: "," + gap + indent) + "]"
    }
  }

  /// A number with up to four decimals, or in powers of ten where those would say little.
  public static func text(of value: Float) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let magnitude = Swift.abs(value)
    if value == value.rounded(), magnitude < 1e7 { return "\(Int(value))" }
    let sign = value < 0 ? "-" : ""
    if magnitude >= 1e-3, magnitude < 1e5 { return sign + decimal(Double(magnitude), places: 4) }
    var exponent = Int(log10(Double(magnitude)).rounded(.down))
    var mantissa = Double(magnitude) * Glibc.pow(10, Double(-exponent))
    // Rounding may reach the next power of ten: 9.9996e-05 is 1e-04.
    if mantissa >= 9.9995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    let digits = "\(Swift.abs(exponent))"
    let padding = digits.count < 2 ? "0" : ""
    return "\(sign)\(decimal(mantissa, places: 3))e\(exponent < 0 ? "-" : "+")\(padding)\(digits)"
  }

  /// A positive number rounded to some places, without zeros at the end; a point whatever the locale.
  private static func decimal(_ value: Double, places: Int) -> String {
    let scale = Int(Glibc.pow(10, Double(places)))
    let (whole, fraction) = Int((value * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
    guard fraction > 0 else { return "\(whole)" }
    var digits = "\(fraction)"
    digits = String(repeating: "0", count: places - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
