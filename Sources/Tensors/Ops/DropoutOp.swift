extension Tensor {
  /// Sets a share of the elements to zero and scales up the others (Srivastava and others 2014).
  public func dropout(_ dropout: Dropout) throws -> Tensor {
    try dropout.check(op: "dropout", argument: "probability")
    if dropout.isIdentity { return self }
    let out = try Tensor.allocate(shape, op: "dropout")
    try dropout.apply(to: self, into: out)
    return out.recorded(from: self) { dout in
      let dx = Tensor.uninitialized(dout.shape)
      try dropout.apply(to: dout, into: dx)
      return [dx]
    }
  }
}
