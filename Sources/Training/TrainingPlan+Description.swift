import Files
import Models

extension TrainingPlan: CustomStringConvertible {
  /// At most 80 columns.
  public var description: String {
    let run = setup.run
    let count = steps.map { ", \(Decimals.grouped(Double($0))) steps" } ?? ""
    var lines = [
      "rows of at most \(run.length) tokens, \(rowsPerStep) a step\(count), \(setup.shape.types)"
        + (run.recompute ? ", recomputed" : ""), "",
    ]
    let peak = memory.peak
    lines.append(Self.line("weights", peak.weights))
    lines.append(Self.line("gradients", peak.gradients))
    lines.append(Self.line("optimizer", peak.optimizer))
    lines.append(Self.line("activations", peak.activations, layers))
    lines.append(Self.line("kept for reuse", memory.reserve))
    lines.append(Self.line("this program", program, "and what it holds beside the model"))
    lines.append(Self.line("peak", self.peak, peak.moment))
    if let limit {
      let source = isLimitGiven ? "max_memory" : "available"
      let verdict =
        fits ? "\(source): fits" : "\(source): DOES NOT FIT, \(ByteCount.text(self.peak - limit)) too much"
      lines.append(Self.line("memory", limit, verdict))
    }
    if let disk {
      let each = "\(disk.checkpoints) checkpoints of \(ByteCount.text(disk.bytesEach))"
      lines.append(Self.line("disk", disk.bytes, each))
    }
    lines += time
    if !advice.isEmpty {
      lines += ["", "what would help"]
      lines += advice.flatMap(Self.lines)
    } else if !fits {
      lines += ["", "nothing known makes it fit: take a smaller model"]
    }
    return lines.joined(separator: "\n")
  }

  /// Activations by layer, equal neighbours together.
  private var layers: String {
    let peak = memory.peak
    var groups: [(count: Int, bytes: Int)] = []
    for bytes in peak.layers where bytes > 0 {
      if let last = groups.last, abs(last.bytes - bytes) <= bytes / 100 {
        groups[groups.count - 1].count += 1
      } else {
        groups.append((1, bytes))
      }
    }
    let rest = ByteCount.text(peak.activations - peak.layers.reduce(0, +))
    guard let largest = groups.max(by: { $0.count < $1.count }) else { return "no layer's" }
    if groups.count <= 2 {
      let each = groups.map { "\($0.count) x \(ByteCount.text($0.bytes))" }.joined(separator: ", ")
      return "layers \(each); head and loss \(rest)"
    }
    return "mostly \(largest.count) x \(ByteCount.text(largest.bytes)) a layer; head and loss \(rest)"
  }

  private var time: [String] {
    guard let timing else { return [] }
    let speed = "\(Decimals.grouped(timing.tokensPerSecond)) tokens/s"
    var lines = [
      Self.text("speed", speed, "\(Decimals.fixed(timing.secondsPerStep, 2)) s a step, measured")
    ]
    if let hours {
      lines.append(Self.text("time", "\(Decimals.fixed(hours, 2)) h", "without evaluations and checkpoints"))
    }
    return lines
  }

  private static func lines(_ advice: PlanAdvice) -> [String] {
    let gain = "saves \(ByteCount.text(advice.saves))" + (advice.fits ? ": FITS" : "")
    return ["  " + advice.change, "    \(gain); \(advice.price)"]
  }

  private static func line(_ name: String, _ bytes: Int, _ note: String = "") -> String {
    text(name, ByteCount.text(bytes), note)
  }

  private static func text(_ name: String, _ value: String, _ note: String) -> String {
    let left = name + String(repeating: " ", count: max(1, 15 - name.count))
    let right = String(repeating: " ", count: max(0, 13 - value.count)) + value
    return left + right + (note.isEmpty ? "" : "   " + note)
  }
}
