import Processes

/// How the pieces of a second vocabulary join the first; ids of the first never change.
public enum MergeRule: String, Sendable, CaseIterable {
  /// New pieces rank below all old ones and leave old text as it was; what could never be used stays out.
  case safe
  /// Chinese-LLaMA-Alpaca's published rule: what is missing goes to the end with score 0.
  case append
  /// The same, with the scores of the second model.
  case appendScores = "append_scores"
}

public struct MergeOptions: Sendable {
  public var rule = MergeRule.safe
  /// Lines of the old language that must be cut as before (safe), or are counted when they are not (the
  /// others).
  public var sample: [String] = []
  /// Keep out pieces of nothing but Latin letters, digits and common signs, so that no text of these alone
  /// can change.
  ///
  /// Nil decides: yes, unless there is a sample and most new pieces are Latin, as for a new
  /// language with Latin letters.
  public var protectsLatin: Bool?
  /// Named texts to count tokens on, before and after.
  public var texts: [(name: String, lines: [String])] = []

  public init(rule: MergeRule = .safe, sample: [String] = []) {
    self.rule = rule
    self.sample = sample
  }
}

extension SentencePieceTokenizer {
  /// This vocabulary with the pieces of another at its end, and what was done.
  public func merge(
    _ extra: SentencePieceTokenizer, _ options: MergeOptions = MergeOptions()
  ) throws -> (tokenizer: SentencePieceTokenizer, report: MergeReport) {
    var work = VocabularyMerge(base: self, extra: extra, options: options)
    return try work.run()
  }

  /// This vocabulary with one more piece at its end.
  /// - Throws: `TokenizerError` when it is there already.
  public func addPiece(
    _ text: String, score: Float = 0, kind: SentencePieceModel.Piece.Kind = .normal
  ) throws -> SentencePieceTokenizer {
    if let id = id(of: text) {
      throw TokenizerError("piece '\(text)'", "is in the vocabulary already, as \(id)")
    }
    var longer = model
    longer.pieces.append(.init(text: text, score: score, kind: kind))
    return try SentencePieceTokenizer(longer, name: "vocabulary with '\(text)'", configuration: configuration)
  }
}

/// The work of one merge.
private struct VocabularyMerge {
  let base: SentencePieceTokenizer
  let extra: SentencePieceTokenizer
  let options: MergeOptions
  var report: MergeReport
  /// What may join, in the order of the second model.
  var candidates: [SentencePieceModel.Piece] = []

  init(base: SentencePieceTokenizer, extra: SentencePieceTokenizer, options: MergeOptions) {
    self.base = base
    self.extra = extra
    self.options = options
    report = MergeReport(rule: options.rule, base: base.count, extra: extra.count)
  }

  mutating func run() throws -> (SentencePieceTokenizer, MergeReport) {
    report.notes = differences()
    for piece in extra.model.pieces {
      if base.id(of: piece.text) != nil {
        report.reject(piece.text, .duplicate)
      } else {
        candidates.append(piece)
      }
    }
    switch options.rule {
    case .append: candidates = candidates.map { .init(text: $0.text, score: 0) }
    case .appendScores: candidates = candidates.map { .init(text: $0.text, score: $0.score) }
    case .safe:
      leaveOutSpecial()
      try leaveOutUnwritable()
      leaveOutLatin()
      try leaveOutChanging()
    }
    try lookForUnreachable()
    let merged = try SentencePieceTokenizer(
      mergedModel(), name: "merged vocabulary", configuration: base.configuration)
    report.added = candidates.count
    try report.check(options.sample, base, merged)
    for text in options.texts {
      report.texts.append(
        try TokenizerComparison([(text.name, base), ("merged", merged)], texts: text.lines))
    }
    return (merged, report)
  }

  private func mergedModel() -> SentencePieceModel {
    var model = base.model
    guard options.rule == .safe else {
      model.pieces += candidates
      return model
    }
    let lowest = base.model.pieces.filter { $0.kind == .normal }.map(\.score).min() ?? 0
    // Ranks count for byte pairs. Elsewhere scores are added up, so the new ones stay within one unit of the
    // lowest.
    let step = base.model.kind == .bpe ? 1 : 1 / Float(candidates.count + 1)
    var score = lowest
    for piece in candidates {
      // LLaMA has pieces at -1e9, where neighbouring floats are 64 apart.
      score = min(score - step, score.nextDown)
      model.pieces.append(.init(text: piece.text, score: score, kind: piece.kind))
    }
    let size = UInt64(model.pieces.count)
    model.change(Field.trainer) { $0[Field.Trainer.vocabularySize] = .varint(size) }
    return model
  }

  private mutating func leaveOut(
    _ cause: MergeReport.Cause, where isOut: (SentencePieceModel.Piece) throws -> Bool
  ) rethrows {
    var kept: [SentencePieceModel.Piece] = []
    for piece in candidates {
      if try isOut(piece) { report.reject(piece.text, cause) } else { kept.append(piece) }
    }
    candidates = kept
  }

  private mutating func leaveOutSpecial() {
    leaveOut(.special) { $0.kind != .normal && $0.kind != .userDefined }
  }

  /// The base's normaliser changes characters before any piece is looked for.
  private mutating func leaveOutUnwritable() throws {
    let normalization = base.model.normalization
    guard normalization.replacesCharacters || normalization.removeExtraWhitespaces else { return }
    var plain = base.model.normalizerOnly
    plain.change(Field.normalizer) { spec in
      spec[Field.Normalizer.addDummyPrefix] = .varint(0)
      spec[Field.Normalizer.removeExtraWhitespaces] = .varint(0)
    }
    let normalizer = try SentencePieceProcessor(plain)
    try leaveOut(.normalizer) { piece in
      if normalization.removeExtraWhitespaces && piece.text.utf8.contains("\u{2581}\u{2581}".utf8) {
        return true
      }
      let text = String(
        String.UnicodeScalarView(piece.text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }))
      return ExactText(try normalizer.surface(text)) != ExactText(piece.text)
    }
  }

  private mutating func leaveOutLatin() {
    let latin = candidates.count { LatinText.holds($0.text) }
    let protects = options.protectsLatin ?? (options.sample.isEmpty || latin * 2 <= candidates.count)
    report.protectsLatin = protects
    if protects { leaveOut(.latin) { LatinText.holds($0.text) } }
  }

  /// Takes out what shows up in the sample, until the sample is cut as before.
  private mutating func leaveOutChanging() throws {
    let before = try options.sample.map { try base.encode($0) }
    while !candidates.isEmpty {
      let merged = try SentencePieceTokenizer(mergedModel(), name: "merged vocabulary")
      var out: Set<ExactText> = []
      for (line, old) in zip(options.sample, before) {
        try Interrupt.check()
        let new = try merged.encode(line)
        if new != old { out.formUnion(culprits(in: line, old, new, merged)) }
      }
      if out.isEmpty { return }
      leaveOut(.sample) { out.contains(ExactText($0.text)) }
    }
  }

  private func culprits(
    in line: String, _ old: [Int32], _ new: [Int32], _ merged: SentencePieceTokenizer
  ) -> [ExactText] {
    let added = Set(new.filter { $0 >= base.count })
    if !added.isEmpty { return added.compactMap { merged.piece($0) }.map(ExactText.init) }
    // A new piece was a step on the way to an old one.
    let oldIDs = Set(old)
    let grown = Set(new.filter { !oldIDs.contains($0) }).compactMap { merged.piece($0) }
    let steps = candidates.filter { piece in grown.contains { $0.utf8.contains(piece.text.utf8) } }
    if !steps.isEmpty { return steps.map { ExactText($0.text) } }
    let marked = String(String.UnicodeScalarView(line.unicodeScalars.map { $0 == " " ? "\u{2581}" : $0 }))
    return candidates.filter { marked.utf8.contains($0.text.utf8) }.map { ExactText($0.text) }
  }

  /// A piece whose own text is cut otherwise comes up in no text at all.
  private mutating func lookForUnreachable() throws {
    let model = mergedModel()
    let probe = try SentencePieceProcessor(model.withoutNormalization)
    var unreachable: Set<ExactText> = []
    for (i, piece) in candidates.enumerated() {
      if i % 1024 == 0 { try Interrupt.check() }
      var text = piece.text
      let found = try text.withUTF8 { try probe.encode($0) }
      if found != [Int32(base.count + i)] { unreachable.insert(ExactText(piece.text)) }
    }
    if options.rule == .safe {
      leaveOut(.unreachable) { unreachable.contains(ExactText($0.text)) }
    } else {
      for piece in candidates where unreachable.contains(ExactText(piece.text)) {
        report.unreachable.count(piece.text)
      }
    }
  }

  /// Settings of the second model that the merged one does not take over.
  private func differences() -> [String] {
    let (a, b) = (base.model, extra.model)
    var notes: [String] = []
    func compare(_ name: String, _ kept: String, _ other: String) {
      if kept != other { notes.append("\(name): \(kept) is kept, the new model has \(other)") }
    }
    compare("kind", a.kind.name, b.kind.name)
    compare("normalizer", a.normalization.name, b.normalization.name)
    compare("add_dummy_prefix", "\(a.normalization.addDummyPrefix)", "\(b.normalization.addDummyPrefix)")
    compare(
      "remove_extra_whitespaces", "\(a.normalization.removeExtraWhitespaces)",
      "\(b.normalization.removeExtraWhitespaces)")
    compare("byte_fallback", "\(a.byteFallback)", "\(b.byteFallback)")
    return notes
  }
}

/// Letters of the Latin script with digits, spaces and the punctuation of its languages.
enum LatinText {
  static let ranges: [ClosedRange<UInt32>] = [
    0x00...0x24F, 0x1E00...0x1EFF, 0x2000...0x206F, 0x2581...0x2581,
  ]

  static func holds(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in ranges.contains { $0.contains(scalar.value) } }
  }
}
