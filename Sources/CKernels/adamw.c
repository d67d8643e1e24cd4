#include "include/kernels.h"
#include "vector.h"

/* AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101), in the order of operations of torch.optim.AdamW, f32:
   g = gradientScale * dp; p = p * decay, decay = 1 - rate * weightDecay
   m = m + (g - m) * (1 - beta1); v = v * beta2 + g * g * (1 - beta2)
   p = p - stepSize * m / (sqrt(v) / correction + eps)
   stepSize = rate / (1 - beta1^t), correction = sqrt(1 - beta2^t). */
YY_KERNEL void yy_adamw(
    float *parameter, const float *gradient, float *first, float *second, yy_adamw_factors f,
    intptr_t count) {
  for (intptr_t i = 0; i < count; i++) {
    const float g = gradient[i] * f.gradientScale;
    const float m = first[i] + (g - first[i]) * f.oneMinusBeta1;
    const float v = second[i] * f.beta2 + g * g * f.oneMinusBeta2;
    first[i] = m;
    second[i] = v;
    const float direction = m / (__builtin_elementwise_sqrt(v) / f.correction + f.epsilon);
    parameter[i] = parameter[i] * f.decay - f.stepSize * direction;
  }
}
