import TestSupport
import Testing

@testable import Tensors

@Suite struct NormsTests {
  @Test func squaredNormIsExactInDouble() {
    let x = Tensor.sample([3, 70_001]), y = Tensor.sample([5], seed: 3)
    let expected = (x.values + y.values).reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(squaredNorm([x, y]) - expected) < 1e-10 * expected)
    #expect(squaredNorm([]) == 0)
    #expect(squaredNorm(Tensor.full(1e30, shape: [2])) > 1e60)
  }

  @Test(arguments: [0, 63, 64, 130_999, 140_000])
  func firstNonFiniteIsTheFirst(_ place: Int) {
    let x = Tensor.zeros([140_001])
    #expect(x.firstNonFinite == nil)
    x.pointer[140_000] = -.infinity
    x.pointer[place] = .nan
    #expect(x.firstNonFinite == place)
  }
}
