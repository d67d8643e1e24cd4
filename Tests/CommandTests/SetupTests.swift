import Files
import Glibc
import TestSupport
import Testing

/// The real shell scripts in a copy of the tree whose folder has a space, with stand-ins for what they start:
/// `swift` that builds nothing and points to a `yuyan` that says its arguments, `dpkg-query` that knows no package,
/// `apt-get` that writes down what it is asked for.
@Suite struct SetupTests {
  private let folder: TemporaryFolder
  private var root: String { folder.file("the tree") }
  private static let scripts = FileSystem.join(FileSystem.folder(of: #filePath), "../../scripts")
  private static let packages =
    "g++ git pkg-config libsentencepiece-dev sentencepiece libopenblas-dev libdnnl-dev libreadline-dev liblua5.4-dev libssl-dev "
    + "gnuplot-nox"

  init() throws {
    folder = try TemporaryFolder()
    for name in ["setup", "install", "quickstart"] {
      try program("the tree/scripts/\(name)", FileSystem.read("\(Self.scripts)/\(name)"))
    }
    try folder.write("the tree/stdlib/yuyan/init.lua", "return {}\n")
    try program("the tree/built/yuyan", "#!/bin/sh\necho 0.0.0 \"$@\"\n")
    try program(
      "tools/swift",
      """
      #!/bin/sh
      case "$*" in
        --version) echo "Swift version ${SWIFT:-6.3} (swift-6.3-RELEASE)" ;;
        *--show-bin-path) echo "$PWD/built" ;;
        *) echo "$*" >>"\(folder.file("builds"))" ;;
      esac

      """)
    try program("tools/dpkg-query", "#!/bin/sh\nexit 1\n")
    try program("tools/apt-get", "#!/bin/sh\necho \"$*\" >>\"\(folder.file("asked"))\"\n")
    try program("tools/sudo", "#!/bin/sh\nexec \"$@\"\n")
    // Of the system's tools only these, so that a test can take apt-get away.
    for tool in [
      "bash", "sh", "env", "dirname", "sort", "head", "grep", "cat", "id", "mkdir", "rm", "cp", "install",
    ] {
      for place in ["/usr/bin/", "/bin/"] where FileSystem.exists(place + tool) {
        symlink(place + tool, folder.file("tools/\(tool)"))
      }
    }
  }

  private func program(_ name: String, _ text: String) throws { try program(name, Array(text.utf8)) }

  private func program(_ name: String, _ bytes: [UInt8]) throws {
    chmod(try folder.write(name, bytes), 0o755)
  }

  private func run(_ script: String, _ arguments: String..., environment: [String: String] = [:]) throws
    -> Binary.Result
  {
    try FileSystem.makeFolders(folder.file("here"))
    let variables = ["PATH": folder.file("tools")].merging(environment) { $1 }
    return try Binary(
      ["\(root)/scripts/\(script)"] + arguments, in: folder.file("here"), environment: variables,
      executable: "/bin/bash"
    ).wait()
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try FileSystem.read(folder.file(name)), as: UTF8.self)
  }

  @Test func installsBelowAPrefixOfTheCallersFolder() throws {
    let run = try run("install", "my programs")
    #expect(run.error == "")
    #expect(run.status == 0)
    let prefix = folder.file("here/my programs")
    #expect(
      run.output == """
        installing \(Self.packages)
        \(prefix)/bin/yuyan 0.0.0 --version
        add \(prefix)/bin to your PATH

        """)
    #expect(FileSystem.exists(prefix + "/share/yuyan/yuyan/init.lua"))
    #expect(
      try text("asked") == "update -qq\ninstall -y -qq --no-install-recommends \(Self.packages)\n")
    #expect(try text("builds") == "build -c release --static-swift-stdlib --product yuyan\n")
  }

  @Test func refusesAPrefixBeforeTheBuild() throws {
    try folder.write("here/file", "")
    let run = try run("install", "file")
    #expect(
      run.error == "install: \(folder.file("here/file/bin")) cannot be written to; choose another PREFIX, "
        + "or run this as somebody who may\n")
    #expect(run.status == 1)
    #expect(!FileSystem.exists(folder.file("builds")))
    #expect(try self.run("install").status == 2)
  }

  @Test func quickstartPrintsCommandsThatWorkAnywhere() throws {
    let run = try run("quickstart")
    #expect(run.error == "")
    #expect(run.status == 0)
    let commands = run.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
    #expect(commands.count == 4)
    let chat = try Binary(
      ["-c", String(commands[0])], in: "/", environment: ["PATH": folder.file("tools")],
      executable: "/bin/bash"
    ).wait()
    #expect(chat.output == "0.0.0 chat \(root)/out/quickstart/model\n")
  }

  @Test func saysWhichSwiftIsNeeded() throws {
    let run = try run("install", "p", environment: ["SWIFT": "5.9"])
    #expect(
      run.error.hasPrefix(
        "Swift 6.1 or later is needed; this machine has 5.9; install it with\n\n  curl -O https://"))
    #expect(
      run.error.hasSuffix(
        "\n(that takes the packages curl, gpg and ca-certificates) and run this command again in a new shell.\n"
      ))
    #expect(run.status == 1)
  }

  @Test func withoutAptItNamesThePackages() throws {
    try FileSystem.remove(folder.file("tools/apt-get"))
    let run = try run("install", "p")
    #expect(
      run.error == "no apt-get here: Debian (or a relative) is needed; else install these packages yourself: "
        + "\(Self.packages)\n")
    #expect(run.status == 0)
  }
}
