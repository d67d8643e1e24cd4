import Processes
import Tokenizers

extension PackedData {
  /// The first `count` rows as text, with what is trained, what is only context, and what stays empty.
  ///
  /// In colour, trained text is green and context grey. In plain text, trained parts stand between ⟦ and ⟧.
  public func show(_ count: Int, colour: Bool) throws -> String {
    let cursor = try cursor(pass: 0)
    let style = RowStyle(colour: colour)
    var blocks: [String] = []
    while blocks.count < count, let row = try cursor.next() {
      try Interrupt.check()
      blocks.append(try text(of: row, number: blocks.count + 1, style))
    }
    return blocks.joined(separator: "\n\n")
  }

  private func text(of row: Row, number: Int, _ style: RowStyle) throws -> String {
    let padding = length - row.ids.count
    let documents = row.documents.count == 1 ? "1 document" : "\(row.documents.count) documents"
    var lines = [
      style.head(
        "row \(number): \(documents), \(row.trainedCount) trained, \(row.ids.count - row.trainedCount) context, "
          + "\(padding) padding")
    ]
    var start = 0
    for (count, sample) in zip(row.documents, row.samples) {
      let ids = Array(row.ids[start..<start + count])
      let trained = [false] + row.targets[start..<start + count - 1].map { $0 >= 0 }
      lines.append(style.head(sample))
      lines.append(try text(of: ids, trained, style))
      start += count
    }
    if padding > 0 { lines.append(style.padding("(\(padding) padding)")) }
    return lines.joined(separator: "\n")
  }

  private func text(of ids: [Int32], _ trained: [Bool], _ style: RowStyle) throws -> String {
    var text = ""
    var group: [UInt8] = []
    var atStart = true
    for (i, id) in ids.enumerated() {
      if id == tokenizer.bosID || id == tokenizer.eosID {
        group += Array((tokenizer.piece(id) ?? "").utf8)
      } else {
        switch try tokenizer.surface(id, atStart: &atStart) {
        case .byte(let byte): group.append(byte)
        case .text(let bytes): group += bytes
        }
      }
      if i + 1 == ids.count || trained[i + 1] != trained[i] {
        text += style.part(String(decoding: group, as: UTF8.self), trained: trained[i])
        group.removeAll()
      }
    }
    return text
  }
}

/// How marks look: escape sequences of ANSI terminals (ECMA-48), or brackets.
private struct RowStyle {
  let colour: Bool

  func head(_ text: String) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  func padding(_ text: String) -> String { colour ? "\u{1B}[2;31m\(text)\u{1B}[0m" : text }

  func part(_ text: String, trained: Bool) -> String {
    if colour { return "\u{1B}[\(trained ? 32 : 90)m\(text)\u{1B}[0m" }
    return trained ? "⟦\(text)⟧" : text
  }
}
