import Files

/// What `tokenizer_config.json` of a model folder says about the use of a vocabulary.
public struct TokenizerConfiguration: Equatable, Sendable {
  /// Other tools put the begin token before a text; nothing here depends on it, it is kept for them.
  public var addsBOS = true
  public var addsEOS = false
  public var unknownToken: String?
  public var bosToken: String?
  public var eosToken: String?
  public var padToken: String?
  /// A Jinja template, kept as it is.
  public var chatTemplate: String?
  public var maximumLength: Int?

  public init() {}

  /// Reads the object of a tokenizer_config.json.
  /// - Throws: `FileError` with the field.
  init(_ json: JSON, path: String) throws {
    guard json.objectValue != nil else {
      throw FileError(path: path, reason: "object expected, got \(json.typeName)")
    }
    addsBOS = try Self.flag("add_bos_token", json, path) ?? true
    addsEOS = try Self.flag("add_eos_token", json, path) ?? false
    unknownToken = try Self.token("unk_token", json, path)
    bosToken = try Self.token("bos_token", json, path)
    eosToken = try Self.token("eos_token", json, path)
    padToken = try Self.token("pad_token", json, path)
    chatTemplate = json["chat_template"]?.stringValue
    // Transformers writes 1e30 where there is no limit.
    maximumLength = json["model_max_length"]?.intValue.flatMap { (1..<1 << 40).contains($0) ? $0 : nil }
  }

  private static func flag(_ name: String, _ json: JSON, _ path: String) throws -> Bool? {
    guard let value = json[name], !value.isNull else { return nil }
    guard let flag = value.boolValue else {
      throw FileError(path: path, field: name, reason: "true or false expected, got \(value.typeName)")
    }
    return flag
  }

  /// A token is its text, or an object with the text as "content".
  private static func token(_ name: String, _ json: JSON, _ path: String) throws -> String? {
    guard let value = json[name], !value.isNull else { return nil }
    guard let text = value.stringValue ?? value["content"]?.stringValue else {
      throw FileError(path: path, field: name, reason: "string expected, got \(value.typeName)")
    }
    return text
  }
}
