// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")

/// A Swift target under Sources, with everything it may import.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The suite of one target, named after it.
func suite(of name: String, _ more: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + more,
    resources: fixtures ? [.copy("Fixtures")] : [], swiftSettings: settings)
}

let package = Package(
  name: "yuyan",
  products: [
    .executable(name: "yuyan", targets: ["yuyan"]),
    .library(name: "Tensors", targets: ["Tensors"]),
    .library(name: "Tokenizers", targets: ["Tokenizers"]),
    .library(name: "Models", targets: ["Models"]),
    .library(name: "Corpus", targets: ["Corpus"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Decoding", targets: ["Decoding"]),
    .library(name: "Evaluation", targets: ["Evaluation"]),
    .library(name: "Scripting", targets: ["Scripting"]),
    .library(name: "Notebooks", targets: ["Notebooks"]),
    .library(name: "Library", targets: ["Library"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    // Debian's libraries.
    .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // C and C++ of ours.
    .target(name: "CInterrupt"),
    .target(name: "CLuaShim", dependencies: ["CLua", "CInterrupt"]),
    .target(name: "CKernels"),
    .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),

    // The operating system.
    library("Processes", ["CInterrupt"]),
    library("Files", ["Processes", "CCrypto", collections]),

    // Numerics and data, none of which has heard of Lua.
    library("Tensors", ["CKernels", "Processes"]),
    library("Tokenizers", ["CSentencePiece", "Files", "Processes", collections]),
    library("Models", ["Tensors", "Tokenizers", "Files", "Processes", collections]),
    library("Corpus", ["Tokenizers", "Files", "Processes", collections]),
    library("Decoding", ["Models", "Tensors", "Tokenizers", "Processes"]),
    library("Evaluation", ["Models", "Corpus", "Decoding", "Tensors", "Tokenizers", "Files", "Processes"]),
    library(
      "Training",
      ["Models", "Corpus", "Evaluation", "Tensors", "Tokenizers", "Files", "Processes", collections]),

    // Lua, which has not heard of tensors.
    library("Scripting", ["CLua", "CLuaShim", "Processes", "Files", collections]),
    library("Notebooks", ["Scripting", "Files", "Processes", collections]),

    // Where they meet.
    library(
      "Library",
      [
        "Scripting", "Notebooks", "Tensors", "Models", "Tokenizers", "Corpus", "Training", "Decoding",
        "Evaluation", "Files", "Processes", "Stdlib", collections,
      ]),
    .target(
      name: "Stdlib", path: "stdlib", exclude: ["yuyan", "meta"], sources: ["Stdlib.swift"],
      swiftSettings: settings),
    .executableTarget(
      name: "yuyan",
      dependencies: [
        "Library", "Notebooks", "Scripting", "Files", "Processes", "CReadline",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Files", "Tensors", "Tokenizers"], path: "Tests/Support",
      swiftSettings: settings),
    suite(of: "Processes"),
    suite(of: "Files"),
    suite(of: "Tensors", fixtures: true),
    suite(of: "Tokenizers", ["Files"], fixtures: true),
    suite(of: "Models", ["Tensors", "Tokenizers", "Files", collections], fixtures: true),
    suite(of: "Corpus", ["Tokenizers", "Files"], fixtures: true),
    suite(of: "Decoding", ["Models", "Tensors", "Tokenizers", "Files"], fixtures: true),
    suite(of: "Evaluation", ["Models", "Corpus", "Tokenizers", "Files"], fixtures: true),
    suite(
      of: "Training",
      [
        "Models", "Corpus", "Decoding", "Evaluation", "Tensors", "Tokenizers", "Files", "Processes",
        collections,
      ],
      fixtures: true),
    suite(of: "Scripting", ["CLua", "Files", collections], fixtures: true),
    suite(of: "Notebooks", ["Scripting", "Files", "Processes", collections], fixtures: true),
    suite(of: "Library", ["Scripting", "Notebooks", "Tensors", "Files", collections], fixtures: true),
    .testTarget(
      name: "CommandTests", dependencies: ["yuyan", "Files", "TestSupport", collections],
      swiftSettings: settings),
    .testTarget(
      name: "LuaTests", dependencies: ["Library", "Scripting", "Files", "TestSupport"], exclude: ["Suites"],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
