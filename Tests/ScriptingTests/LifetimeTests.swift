import Scripting
import Testing

@Suite struct LifetimeTests {
  final class Blob: LuaObject {
    nonisolated(unsafe) static var alive = 0
    init() { Self.alive += 1 }
    deinit { Self.alive -= 1 }
    static let luaClass = LuaClass<Blob>("Blob", "Holds memory.", closable: true, [])
  }

  static let module = LuaModule(
    "blobs", "Makes blobs.",
    [
      LuaFunction("new", "Makes one.", returns: Returns<Blob>("blob", "a new one"), example: "blobs.new()") {
        Blob()
      }
    ])

  @Test func objectsLiveAsLongAsLuaHoldsThem() throws {
    let lua = try Interpreter()
    try lua.preload("blobs") { Self.module }
    try lua.run("blobs = require 'blobs' keep = blobs.new() for i = 1, 10 do blobs.new() end")
    lua.collectGarbage()
    #expect(Blob.alive == 1)
    try lua.run("local b <close> = blobs.new() keep:free()")
    #expect(Blob.alive == 0)
    #expect(try lua.run("return tostring(keep)")[0].stringValue == "Blob (freed)")

    // Memory that Lua does not see makes its collector run; the limit grows only when much survives.
    lua.externalLimit = 10
    lua.externalBytes = { Blob.alive }
    try lua.run("collectgarbage('stop') for i = 1, 1000 do blobs.new() end")
    #expect(Blob.alive <= 11)
    #expect(lua.externalLimit == 10)
    try lua.run("list = {} for i = 1, 100 do list[i] = blobs.new() end")
    #expect(lua.externalLimit > 100)
    #expect(lua.forcedCollections < 120)
    #expect(lua.close() == 0)
    #expect(Blob.alive == 0)
  }

  @Test func aCallbackThatHoldsItsOwnerIsReleasedAtClose() throws {
    let lua = try Interpreter()
    try lua.preload("yuyan.demo") { demoModule }
    try lua.run("demo = require 'yuyan.demo' it = demo(3):stream()")
    let held = try lua.run("return function() return it end")
    #expect(lua.liveObjects > 0)
    #expect(lua.close() == 0)
    #expect(lua.liveObjects == held.count)
  }
}
