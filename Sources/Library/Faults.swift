// Errors of the numeric targets that name an argument: the binder says them as a bad argument of the called function.

public import Corpus
public import Decoding
public import Evaluation
public import Models
public import Scripting
public import Tensors
public import Training

extension TensorError: ArgumentFault {}
extension ModelError: ArgumentFault {}
extension CorpusError: ArgumentFault {}
extension TrainingError: ArgumentFault {}
extension DecodingError: ArgumentFault {}
extension EvaluationError: ArgumentFault {}
