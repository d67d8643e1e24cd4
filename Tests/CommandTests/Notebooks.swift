import Files

/// A percent script and what is read of executed notebooks.
enum Notebooks {
  static let percent = """
    -- %% [markdown]
    -- # Title

    -- %% tags=["parameters"]
    local steps = 3
    local name = "x"
    local flag = true

    -- %%
    print(steps, math.type(steps), name, flag)
    steps * 2

    -- %%
    io.stderr:write("careful\\n")
    local t = { "你好" }
    t

    """

  /// The outputs of each code cell, as text.
  static func outputs(of path: String) throws -> [String] {
    let notebook = try JSON.parse(FileSystem.read(path))
    let cells = notebook["cells"]?.arrayValue ?? []
    return cells.filter { $0["cell_type"]?.stringValue == "code" }.map { cell in
      (cell["outputs"]?.arrayValue ?? []).map(text).joined()
    }
  }

  private static func text(_ output: JSON) -> String {
    if let name = output["ename"]?.stringValue { return "[\(name)] \(output["evalue"]?.stringValue ?? "")" }
    let lines = output["text"] ?? output["data"]?["text/plain"]
    let text = lines?.arrayValue?.compactMap(\.stringValue).joined() ?? lines?.stringValue ?? ""
    return output["data"] == nil ? text : "-> " + text
  }
}
