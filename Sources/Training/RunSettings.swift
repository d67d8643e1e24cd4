import Corpus
import Evaluation
import Files
import Models
import OrderedCollections
import Processes
import Tensors
import Tokenizers

/// Everything that must be equal for a resumed run to give the bits of an uninterrupted one.
struct RunSettings {
  /// By the name that a message uses, in the order in which messages name them.
  let values: OrderedDictionary<String, String>
  /// What may differ without being named, since it changes no bit; recorded so that a change can be told.
  let remarks: OrderedDictionary<String, String>
  /// What the data are made of, so that a message can name the file or option that differs.
  let data: JSON

  init(model: LanguageModel, data: any RowSource, options: TrainingOptions, steps: Int) throws {
    let optimizer = options.optimizer
    let parameters = model.transformer.parameters
    // As it will be read from a checkpoint.
    self.data = try JSON.parse(data.identity.text())
    values = [
      "tokenizer": model.tokenizer.map { "sha256 " + $0.fingerprint.prefix(16) } ?? "none",
      "template": model.template.map { "\($0.name), sha256 " + $0.fingerprint.prefix(16) } ?? "none",
      "model": Self.digest(String(describing: model.transformer.spec)),
      "adapter": model.lora.map { "rank \($0.rank), alpha \($0.alpha), dropout \($0.dropout)" } ?? "none",
      "trained parameters": Self.digest(Self.names(parameters.filter(\.isTrainable))),
      "frozen weights": try Self.digest(of: parameters.filter { !$0.isTrainable }),
      "steps": "\(steps)",
      "rows a step": "\(options.rowsPerStep)",
      "seed": "\(options.seed)",
      "schedule": options.schedule.name,
      "optimizer": "adamw, betas \(optimizer.beta1) and \(optimizer.beta2), eps \(optimizer.epsilon), "
        + "weight decay \(optimizer.weightDecay)",
      "clip": options.clip.map { "\($0)" } ?? "none",
      "dtype": model.transformer.types.description,
      "matrix products": try MatrixProducts.current.identity,
    ]
    remarks = ["evaluation": try options.evaluation.map(Self.words) ?? "none"]
  }

  private static func words(_ evaluation: EvaluationOptions) throws -> String {
    let sets = try evaluation.sets.map { set in
      let identity =
        switch set.data {
        case .text(let text): text
        case .documents(let stream): try stream.identity.text(sortedKeys: true)
        case .rows(let rows): try rows.identity.text(sortedKeys: true)
        }
      return "\(set.name), \(digest("\(evaluation.options)\n\(identity)"))"
    }
    return "every \(evaluation.every) steps: \(sets.joined(separator: "; "))"
  }

  var json: JSON {
    var fields = OrderedDictionary(uniqueKeysWithValues: values.map { ($0.key, JSON.string($0.value)) })
    fields[Self.dataKey] = data
    fields[Self.remarksKey] = .object(
      OrderedDictionary(uniqueKeysWithValues: remarks.map { ($0.key, JSON.string($0.value)) }))
    return .object(fields)
  }

  private static let dataKey = "data"
  private static let remarksKey = "remarks"

  /// The settings of these names, and the remarks, that are others than a checkpoint's.
  func changes(from saved: JSON, among names: Set<String>) -> [SettingChange] {
    func changes(_ values: OrderedDictionary<String, String>, _ saved: JSON?) -> [SettingChange] {
      values.compactMap { name, here in
        guard let there = saved?[name]?.stringValue, there != here else { return nil }
        return SettingChange(name: name, before: there, after: here)
      }
    }
    return changes(values.filter { names.contains($0.key) }, saved) + changes(remarks, saved[Self.remarksKey])
  }

  /// What differs from the settings that a checkpoint holds, each in words.
  func differences(from saved: JSON, except names: Set<String> = []) -> [String] {
    let others = values.filter { !names.contains($0.key) }.compactMap { name, here -> String? in
      let there = saved[name]?.stringValue ?? "nothing"
      return here == there ? nil : "\(name): \(there) there, \(here) here"
    }
    return [DataIdentity.difference(from: saved[Self.dataKey] ?? .null, to: data)].compactMap(\.self) + others
  }

  private static func names(_ parameters: [Parameter]) -> String {
    parameters.map { "\($0.name) \($0.shape)" }.joined(separator: "\n")
  }

  private static func digest(_ text: String) -> String { "sha256 " + SHA256.hex(of: text).prefix(16) }

  /// Of names, shapes and every number.
  private static func digest(of parameters: [Parameter]) throws -> String {
    guard !parameters.isEmpty else { return "none" }
    var hash = SHA256()
    hash.update(names(parameters))
    let piece = 1 << 24
    for parameter in parameters {
      let bytes = UnsafeRawBufferPointer(start: parameter.tensor.raw, count: parameter.tensor.byteCount)
      for start in stride(from: 0, to: bytes.count, by: piece) {
        try Interrupt.check()
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + piece)]))
      }
    }
    return "sha256 " + SHA256.hexDigits(hash.finish()).prefix(16)
  }
}
