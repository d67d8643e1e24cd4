import Files
import TestSupport
import Testing

@Suite struct CommandTests {
  @Test func helpListsCommandsAndModules() throws {
    let run = try Binary.run("help")
    #expect(run.status == 0)
    for words in ["yuyan run NOTEBOOK.ipynb", "Exit status: 0 done", "  yuyan.data ", "  yuyan.plot "] {
      #expect(run.output.contains(words))
    }
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 92 })
  }

  @Test(
    "help finds modules, functions and methods",
    arguments: [
      ("data.pack", "data.pack(documents, options) -> rows\n"),
      ("yy.data.pack", "data.pack(documents, options) -> rows\n"),
      ("train", "module yuyan.train\n"), ("plot", "module yuyan.plot\n"),
      ("plot.line", "plot.line(rows, options) -> plot\n"),
      ("Model", "class Model\n"),
    ])
  func help(_ name: String, _ start: String) throws {
    let run = try Binary.run("help", name)
    #expect(run.output.hasPrefix(start))
    #expect(run.status == 0)
  }

  @Test func helpSuggests() throws {
    let run = try Binary.run("help", "data.pakc")
    #expect(run.error == "yuyan: nothing is known of 'data.pakc'; did you mean 'data.pack'?\n")
    #expect(run.output == "")
    #expect(run.status == 2)
  }

  @Test func doctorFindsTheMachineWell() throws {
    let run = try Binary.run("doctor")
    let names = [
      "yuyan", "program", "system", "processor", "features", "kernels", "matrices", "limits", "threads",
      "memory", "disk", "gnuplot", "spm_train", "Lua files",
    ]
    for name in names { #expect(run.output.contains("\n\(name) ") || run.output.hasPrefix(name), "\(name)") }
    #expect(run.output.contains("resuming      ok, bit for bit\n"))
    #expect(run.output.contains("\nself-test     OK, "))
    #expect(run.error == "")
    #expect(run.status == 0)
  }

  @Test func doctorFailsWhenItsTestDoes() throws {
    let run = try Binary.run("doctor", environment: ["TMPDIR": "/nowhere", "YUYAN_STDLIB": "/nowhere"])
    #expect(run.error == Placement.missing(in: "/nowhere"))
    #expect(run.status == 1)
  }

  @Test func chatAnswersAndEnds() throws {
    let sample = try Sample.shared.get()
    let run = try Binary.run("chat", sample.model, input: "你好\n/reset\nswift\n\n")
    #expect(!run.output.contains("Ctrl-D") && run.output.hasSuffix("\n"))
    #expect(run.output.utf8.count > 10)
    #expect(run.error == "")
    #expect(run.status == 0)
  }

  @Test func chatNamesWhatIsMissing() throws {
    let run = try Binary.run("chat", "/nowhere")
    #expect(run.error == "yuyan: /nowhere: no such file or folder\n")
    #expect(run.status == 1)
  }

  @Test func convertGoesThereAndBack() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.lua", Notebooks.percent)
    #expect(try Binary.run("convert", path, folder.file("a.ipynb")).status == 0)
    #expect(try Binary.run("convert", folder.file("a.ipynb"), folder.file("b.lua")).status == 0)
    let back = String(decoding: try FileSystem.read(folder.file("b.lua")), as: UTF8.self)
    #expect(back.hasSuffix(Notebooks.percent))
    #expect(try Binary.run("convert", folder.file("b.lua"), folder.file("b.ipynb")).status == 0)
    let cells = try [folder.file("a.ipynb"), folder.file("b.ipynb")].map { path in
      try JSON.parse(FileSystem.read(path))["cells"]?.arrayValue?.map { [$0["source"], $0["cell_type"]] }
    }
    #expect(cells[0] == cells[1])
    #expect(try Binary.run("convert", path, folder.file("a.html")).status == 0)
    let wrong = try Binary.run("convert", "x", "y")
    #expect(wrong.error == "yuyan: x: a notebook (.ipynb) or a script (.lua) expected\n")
    #expect(wrong.status == 1)
  }
}
