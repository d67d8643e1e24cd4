/// How a text longer than the context is cut so that each token is predicted exactly once.
///
/// Every window shows BOS and then its tokens; the first counts all of them, each later one advances by `stride` and
/// counts those that no earlier window has counted.
struct WindowPlan {
  struct Window: Equatable {
    /// The tokens that the window predicts or shows as context.
    let tokens: Range<Int>
    /// Its first token that counts; those before it are context.
    let firstCounted: Int
  }

  let windows: [Window]

  init(tokens: Int, window: Int, stride: Int) {
    precondition(window > 0 && stride > 0 && stride <= window, "windows overlap or touch")
    var windows: [Window] = []
    var counted = 0
    var start = 0
    while counted < tokens {
      let end = min(start + window, tokens)
      windows.append(Window(tokens: start..<end, firstCounted: counted))
      counted = end
      start += stride
    }
    self.windows = windows
  }
}

/// A window as a row: BOS and all its tokens but the last predict its tokens, of which only the counted are targets.
struct WindowRow {
  let ids: [Int32]
  let targets: [Int32]

  /// Without a BOS in the vocabulary the token before the window stands in its place; the text's first token, which
  /// has none, is not predicted.
  init(_ window: WindowPlan.Window, of tokens: [Int32], bos: Int32?) {
    var first = window.tokens.lowerBound
    var ids = bos.map { [$0] } ?? []
    if bos == nil {
      if first == 0 { first = 1 }
      ids = Array(tokens[(first - 1)..<first])
    }
    let end = max(first, window.tokens.upperBound)
    self.ids = first < end ? ids + tokens[first..<end - 1] : []
    targets = (first..<end).map { $0 < window.firstCounted ? -1 : tokens[$0] }
  }
}
