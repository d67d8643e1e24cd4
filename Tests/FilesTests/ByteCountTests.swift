import Files
import Testing

@Suite struct ByteCountTests {
  @Test(arguments: [
    (0, "0.0 MB"), (49_999, "0.0 MB"), (50_000, "0.1 MB"), (999_900_000, "999.9 MB"),
    (1_000_000_000, "1.0 GB"), (23_456_000_000, "23.5 GB"),
  ]) func text(_ bytes: Int, _ text: String) {
    #expect(ByteCount.text(bytes) == text)
  }

  @Test(arguments: [
    ("4GB", 4_000_000_000), ("1.5 GB", 1_500_000_000), ("512 MiB", 536_870_912), ("100000", 100_000),
    ("2gib", 2_147_483_648), ("7 B", 7), ("3kB", 3000), ("0.5TB", 500_000_000_000),
  ]) func parsing(_ text: String, _ bytes: Int) {
    #expect(ByteCount.parse(text) == bytes)
  }

  @Test(arguments: ["", "GB", "4 potatoes", "-1GB", "1e9", "1.2.3 MB", "9999999999TB"])
  func refusing(_ text: String) {
    #expect(ByteCount.parse(text) == nil)
  }
}
