import Glibc

/// One line on a terminal that is rewritten while a run goes on.
public final class ProgressLine {
  private let write: (String) -> Void
  private let isShown: Bool
  private var lastTime = -Double.infinity
  private var speed: Double?
  private var secondsPerStep: Double?
  private var isOpen = false
  /// Whether notes are written; several runs of one job would repeat them.
  var hasNotes = true

  /// Writes to standard error, and only if that is a terminal.
  public convenience init() {
    self.init(isShown: isatty(STDERR_FILENO) == 1) { text in
      var text = text
      text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  }

  /// Writes elsewhere.
  public init(isShown: Bool = true, write: @escaping (String) -> Void) {
    self.isShown = isShown
    self.write = write
  }

  /// Shows a finished step, at most ten times a second.
  func show(_ record: StepRecord, of steps: Int, at time: Double) {
    speed = Self.smoothed(speed, record.tokensPerSecond)
    secondsPerStep = Self.smoothed(secondsPerStep, record.seconds)
    guard isShown, time - lastTime >= 0.1 || record.step == steps else { return }
    lastTime = time
    isOpen = true
    let text = Self.text(
      step: record.step, of: steps, loss: record.loss, learningRate: record.learningRate,
      tokensPerSecond: speed ?? 0,
      secondsLeft: (secondsPerStep ?? 0) * Double(steps - record.step))
    write("\r\(text)\u{1B}[K")
  }

  /// Writes a line that stays, also where no terminal is.
  func note(_ text: String) {
    guard hasNotes else { return }
    clear()
    write(text + "\n")
  }

  /// Wipes the line, so that what is printed next stands in its place.
  func clear() {
    guard isOpen else { return }
    isOpen = false
    lastTime = -.infinity
    write("\r\u{1B}[K")
  }

  /// Ends the line, so that what is printed next starts on its own.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    write("\n")
  }

  /// The line, at most 79 columns.
  static func text(
    step: Int, of steps: Int, loss: Double, learningRate: Double, tokensPerSecond: Double, secondsLeft: Double
  ) -> String {
    let parts = [
      "step \(step)/\(steps)", "loss \(Decimals.fixed(loss, 4))", "lr \(Decimals.short(learningRate))",
      "\(Decimals.grouped(tokensPerSecond)) tokens/s", "\(duration(secondsLeft)) left",
    ]
    return String(parts.joined(separator: "  ").prefix(79))
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 3.6e8 else { return "?" }
    let whole = Int(seconds.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(two(whole % 60))s" }
    return "\(whole / 3600)h\(two(whole / 60 % 60))m"
  }

  private static func smoothed(_ old: Double?, _ new: Double) -> Double {
    old.map { 0.9 * $0 + 0.1 * new } ?? new
  }
}

/// Numbers for people, without Foundation.
enum Decimals {
  /// "3.4120".
  static func fixed(_ value: Double, _ digits: Int) -> String { format("%.*f", digits, value) }

  /// "2.00e-04".
  static func short(_ value: Double) -> String { format("%.*e", 2, value) }

  /// "12,345".
  static func grouped(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let digits = Array("\(Int(value.rounded()))")
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0, digits[index - 1] != "-" { text.append(",") }
      text.append(digit)
    }
    return text
  }

  private static func format(_ pattern: String, _ digits: Int, _ value: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 400)
    let length = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, pattern, $0) }
    return String(decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
