import Files
import Glibc
import OrderedCollections
public import Scripting

/// Runs the code cells of a notebook in order on one evaluator and keeps the file of its outputs valid all the time.
public final class NotebookRunner {
  public struct Options {
    /// Values for variables of the cell tagged `parameters`, as written on the command line.
    public var parameters: [(name: String, value: String)] = []
    /// Seconds that one cell may take.
    public var timeout: Double?
    /// Recorded in the notebook's metadata.
    public var version = ""
    public init() {}
  }

  public enum Event {
    case started(cell: Int, of: Int, title: String)
    case finished(cell: Int, of: Int, title: String, seconds: Double)
    case skipped(cell: Int, of: Int, title: String)
    case failed(cell: Int, of: Int, failure: [String], source: String, seconds: Double)
  }

  public enum Outcome: Equatable { case done, failed, interrupted }

  public private(set) var notebook: Notebook
  private let evaluator: Evaluator
  private let collector = OutputCollector()
  private let outputPath: String?
  private let options: Options
  private let onEvent: (Event) -> Void

  /// - Parameter outputPath: where the notebook is saved after every cell; nil keeps it in memory.
  public init(
    _ notebook: Notebook, evaluator: Evaluator, outputPath: String?, options: Options,
    onEvent: @escaping (Event) -> Void = { _ in }
  ) throws {
    self.notebook = notebook
    self.evaluator = evaluator
    self.outputPath = outputPath
    self.options = options
    self.onEvent = onEvent
    try Parameters.inject(options.parameters, into: &self.notebook)
    self.notebook.fillIdentifiers()
    for index in self.notebook.cells.indices where self.notebook.cells[index].kind == .code {
      self.notebook.cells[index].outputs = []
      self.notebook.cells[index].executionCount = nil
    }
    try evaluator.capture(into: collector)
  }

  /// Runs all cells; stops at the first error, which is then saved in the notebook.
  ///
  /// - Throws: `FileError` when the notebook cannot be saved.
  public func run() throws -> Outcome {
    let code = notebook.cells.indices.filter { notebook.cells[$0].kind == .code }
    let start = Self.now()
    recordRun(seconds: nil)
    try save()
    var count = 0
    for (place, index) in code.enumerated() {
      let cell = notebook.cells[index]
      let title = Self.title(of: cell.source)
      guard !cell.source.trimmingSpaces.isEmpty else { continue }
      if cell.tags.contains("skip-execution") {
        onEvent(.skipped(cell: place + 1, of: code.count, title: title))
        continue
      }
      count += 1
      onEvent(.started(cell: place + 1, of: code.count, title: title))
      let cellStart = Self.now()
      let failure = run(cell: index, number: count)
      let seconds = Self.now() - cellStart
      notebook.cells[index].metadata["yuyan"] = ["duration": .number(Self.rounded(seconds))]
      recordRun(seconds: Self.now() - start)
      try save()
      if let failure, failure.isFatal || !cell.tags.contains("raises-exception") {
        onEvent(
          .failed(
            cell: place + 1, of: code.count, failure: failure.report, source: cell.source, seconds: seconds))
        finish()
        return failure.isFatal ? .interrupted : .failed
      }
      onEvent(.finished(cell: place + 1, of: code.count, title: title, seconds: seconds))
    }
    finish()
    recordRun(seconds: Self.now() - start)
    try save()
    return .done
  }

  private struct CellFailure {
    var report: [String]
    /// The user stopped the run.
    var isFatal: Bool
  }

  private func run(cell index: Int, number: Int) -> CellFailure? {
    notebook.cells[index].executionCount = number
    let timer = options.timeout.map {
      CellTimer(seconds: $0, handle: evaluator.interpreter.interruptHandle())
    }
    var failure: CellFailure?
    var last: CellOutput?
    do {
      let result = try evaluator.evaluate(notebook.cells[index].source, name: "cell \(number)")
      timer?.cancel()
      if let result {
        last = .result(data: result.data, metadata: result.metadata, executionCount: number)
      }
    } catch {
      timer?.cancel()
      let evaluation = error as? EvaluationFailure
      var name = evaluation?.kind.rawValue ?? "LuaError"
      var message = evaluation?.message ?? "\(error)"
      var report = evaluation?.report ?? [message]
      let timedOut = evaluation?.kind == .interrupted && timer?.hasFired == true
      if timedOut, let limit = options.timeout {
        name = "Timeout"
        message = "cell \(number): stopped after \(Self.text(of: limit)) s, the limit for one cell"
        report = [message]
      }
      last = .error(name: name, value: message, traceback: report)
      failure = CellFailure(report: report, isFatal: evaluation?.kind == .interrupted && !timedOut)
    }
    notebook.cells[index].outputs = collector.take() + [last].compactMap { $0 }
    return failure
  }

  /// Closes the session's `<close>` variables; what they print belongs to no cell.
  private func finish() { _ = evaluator.finish() }

  private func save() throws {
    if let outputPath { try NotebookFile.save(notebook, to: outputPath) }
  }

  private func recordRun(seconds: Double?) {
    var record: OrderedDictionary<String, JSON> = ["version": .string(options.version)]
    let parameters = options.parameters.map { ($0.name, JSON.string($0.value)) }
    record["parameters"] = .object(OrderedDictionary(parameters) { _, new in new })
    if let seconds { record["duration"] = .number(Self.rounded(seconds)) }
    notebook.metadata["yuyan"] = .object(record)
  }

  // MARK: Words

  /// The first line of a cell that says something.
  static func title(of source: String) -> String {
    let lines = source.split(separator: "\n").map { String($0).trimmingSpaces }
    return lines.first { !$0.isEmpty } ?? ""
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

  static func text(of seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e9 ? String(Int(seconds)) : String(seconds)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
