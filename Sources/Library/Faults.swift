// Errors of the numeric targets that name an argument: the binder says them as a bad argument of the called function.

public import Corpus
public import Decoding
public import Evaluation
public import Models
public import Scripting
public import Tensors
public import Tokenizers
public import Training

extension TensorError: ArgumentFault {}
extension ModelError: ArgumentFault {}
extension CorpusError: ArgumentFault {}
extension TrainingError: ArgumentFault {}
extension DecodingError: ArgumentFault {}
extension EvaluationError: ArgumentFault {}
extension TokenizerError: ArgumentFault {
  public var argument: String { subject }
}

/// Runs a body whose errors name arguments by the Swift function's names; they come out under Lua's.
func naming<R>(_ names: [String: String], _ body: () throws -> R) throws -> R {
  do { return try body() } catch let fault as any ArgumentFault {
    guard let name = names[fault.argument] else { throw fault }
    throw BadArgument(name, fault.reason)
  }
}
