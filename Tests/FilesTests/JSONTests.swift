import Files
import TestSupport
import Testing

@Suite struct JSONTests {
  /// Written by Python 3.13: json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).
  static let indented = """
    {
     "Z": "",
     "a": {
      "empty": [],
      "n": null,
      "none": {},
      "t": true,
      "é": "中文 \u{2028} \u{7F} \\" \\\\ \\n\\t\\r\\b\\f\\u0001 / 🐦"
     },
     "b": [
      1,
      -2,
      0.1,
      1e-05,
      1e+16,
      -0.0,
      1.5,
      1.2345678901234568e+17,
      1e+22,
      1e-07,
      0.0001,
      5e-324,
      1.7976931348623157e+308,
      3.0,
      100.0,
      9007199254740992.0,
      1.2345678901234568e+16
     ],
     "nested": [
      [
       1,
       [
        2
       ]
      ],
      {
       "x": {}
      }
     ],
     "\u{FFEE}": 2,
     "😀": 1
    }
    """
  /// The same value by json.dumps(value, ensure_ascii=False).
  static let oneLine =
    #"{"b": [1, -2, 0.1, 1e-05, 1e+16, -0.0, 1.5, 1.2345678901234568e+17, 1e+22, 1e-07, 0.0001, 5e-324, "#
    + #"1.7976931348623157e+308, 3.0, 100.0, 9007199254740992.0, 1.2345678901234568e+16], "a": {"é": "#
    + "\"中文 \u{2028} \u{7F} \\\" \\\\ \\n\\t\\r\\b\\f\\u0001 / 🐦\""
    + #", "empty": [], "none": {}, "t": true, "n": null}, "Z": "", "😀": 1, "\#u{FFEE}": 2, "#
    + #""nested": [[1, [2]], {"x": {}}]}"#

  @Test func textEqualsPythons() throws {
    let value = try JSON.parse(Self.oneLine)
    #expect(value.text(indent: 1, sortedKeys: true) == Self.indented)
    #expect(value.text() == Self.oneLine)
    #expect(try JSON.parse(Self.indented).text(sortedKeys: true) == value.text(sortedKeys: true))
  }

  @Test(arguments: [
    (0.1 + 0.2, "0.30000000000000004"), (1e15, "1000000000000000.0"), (123456.789, "123456.789"),
    (9.999e-5, "9.999e-05"), (1e100, "1e+100"), (-2.5e-10, "-2.5e-10"), (.infinity, "inf"), (.nan, "nan"),
    (1e-4, "0.0001"), (0.00012345, "0.00012345"), (9999999999999998, "9999999999999998.0"),
  ])
  func numbersReadAsInPython(_ value: Double, _ text: String) {
    #expect(NumberText.text(of: value) == text)
  }

  @Test func numbersRoundTrip() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      #expect(Double(NumberText.text(of: value))?.bitPattern == value.bitPattern)
    }
  }

  @Test func integersStayIntegersUntilTheyAreTooLarge() throws {
    #expect(try JSON.parse("9223372036854775807") == .integer(.max))
    #expect(try JSON.parse("9223372036854775808") == .number(9.223372036854775808e18))
    #expect(try JSON.parse("1.0") == .number(1))
    #expect(try JSON.parse("1.0").intValue == 1)
    #expect(try JSON.parse("1.5").intValue == nil)
  }

  @Test func escapesAndSurrogates() throws {
    #expect(try JSON.parse(#""\u4f60\ud83d\ude00\/\n""#) == "你😀/\n")
    #expect(try JSON.parse(#""a\ud83d""#) == "a\u{FFFD}")
    #expect(try JSON.parse(#""\ude00b""#) == "\u{FFFD}b")
    #expect(try JSON.parse(#""\ud83d\u0041""#) == "\u{FFFD}A")
  }

  @Test func aByteOrderMarkIsSkipped() throws {
    #expect(try JSON.parse([0xEF, 0xBB, 0xBF] + Array("[1]".utf8)) == [1])
  }

  @Test(arguments: [
    ("", "line 1, column 1: a value is missing: the text ends here"),
    ("{\n \"a\": 1,\n \"你\": x}", "line 3, column 7: a value expected, got 'x'"),
    ("[1, 2", "line 1, column 6: the text ends inside an array: ',' or ']' expected"),
    ("{\"a\" 1}", "line 1, column 6: ':' after the key 'a' expected, got '1'"),
    ("{\"a\": 1, \"a\": 2}", "line 1, column 10: the key 'a' is given twice"),
    ("[1] 2", "line 1, column 5: the text goes on after its value with '2'"),
    ("{a: 1}", "line 1, column 2: a key in double quotes expected, got 'a'"),
    ("\"ab", "line 1, column 4: the text ends inside a string"),
    ("\"a\nb\"", "line 1, column 3: a control character (10) must be escaped in a string"),
    ("\"\\x\"", "line 1, column 2: unknown escape '\\x'"),
    ("\"\\u12g4\"", "line 1, column 2: four hexadecimal digits expected after '\\u'"),
    ("01", "line 1, column 1: a number must not begin with 0"),
    ("1.", "line 1, column 3: a digit expected after '.'"),
    ("1e999", "line 1, column 1: the number 1e999 is out of range"),
    ("NaN", "line 1, column 1: a value expected, got 'N'"),
    ("tru", "line 1, column 1: 'true' expected"),
  ])
  func errorsGiveLineAndColumn(_ text: String, _ expected: String) {
    #expect(message { _ = try JSON.parse(text) } == expected)
  }

  @Test func textThatIsNotUTF8IsRefused() {
    let bytes = Array("[\"a".utf8) + [0xFF] + Array("\"]".utf8)
    #expect(message { _ = try JSON.parse(bytes) } == "line 1, column 4: this string is not UTF-8")
  }

  @Test func deepNestingIsRefusedAndNotACrash() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(message { _ = try JSON.parse(deep) } == "line 1, column 513: nested deeper than 512 levels")
    let fine = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(try JSON.parse(fine).text() == fine)
  }

  @Test func keysKeepTheirOrder() throws {
    let value = try JSON.parse(#"{"z": 1, "a": 2}"#)
    #expect(value.text() == #"{"z": 1, "a": 2}"#)
    #expect(value["a"] == 2)
    #expect(value["b"] == nil)
  }
}
