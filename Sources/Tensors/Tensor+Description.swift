import Glibc

/// How a tensor reads in a REPL: `tensor (2, 3) f32 [[1, 2, 3], [4, 5, 6]]`.
///
/// Numbers have up to four decimals. What does not fit on a line is set as a table, a line per row; of more
/// than eight elements along an axis the first three and the last three are shown; of many matrices the first
/// and the last.
extension Tensor: CustomStringConvertible {
  public var description: String {
    let head = "tensor (\(shape.map(String.init).joined(separator: ", "))) f32"
    let layout = Layout(tensor: self)
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
  static func text(of value: Float) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let magnitude = abs(value)
    if value == value.rounded(), magnitude < 1e7 { return "\(Int(value))" }
    guard magnitude >= 1e-3, magnitude < 1e5 else { return format("%.4g", value) }
    var text = format("%.4f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  private static func format(_ format: String, _ value: Float) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let length = withVaList([Double(value)]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
