/// The words of `spm_train` for a failure, told to the person who gave the options.
struct TrainingFailure {
  let error: TokenizerError

  init(_ options: SentencePieceTokenizer.TrainingOptions, _ log: String, _ status: Int32) {
    let lines = log.split(separator: "\n").filter {
      !$0.contains("LOG(INFO)") && !$0.hasPrefix("Program terminated")
    }
    let words = lines.joined(separator: "\n")
    if let most = Self.number(in: words, after: "Please set it to a value <= ") {
      error = TokenizerError(
        "vocab_size",
        "\(options.vocabularySize) is too large for this text, which gives at most \(most) pieces")
    } else if words.contains("smaller than required_chars"), let least = Self.number(in: words, after: " vs ")
    {
      error = TokenizerError(
        "vocab_size",
        "\(options.vocabularySize) is too small: characters, bytes and special pieces alone are \(least); "
          + "raise it or lower character_coverage")
    } else if words.contains("!sentences_.empty()") {
      error = TokenizerError("text", "there is no text to train on")
    } else if words.contains("No precompiled charsmap is found") {
      error = TokenizerError(
        "normalization_rule_name",
        "'\(options.normalization)' is not known; there are 'identity', 'nfkc', 'nmt_nfkc', 'nfkc_cf', 'nmt_nfkc_cf'"
      )
    } else {
      let reason = lines.last.map(String.init) ?? "it said nothing"
      error = TokenizerError("spm_train", "failed with status \(status): \(reason)")
    }
  }

  private static func number(in text: String, after mark: String) -> Int? {
    guard let place = text.firstRange(of: mark) else { return nil }
    return Int(text[place.upperBound...].prefix { $0.isNumber })
  }
}
