"""The network of Krizhevsky, Sutskever and Hinton (2012), in PyTorch.

Two descriptions of it exist and they differ. The *paper* is "ImageNet Classification with Deep
Convolutional Neural Networks", NIPS 2012, section 3. The *code* is the original source, released
in March 2025 (github.com/computerhistory/AlexNet-Source-Code at 2f8b81f); its ``layers-145.cfg``
defines the network whose figures the paper prints. This module follows the code, and can follow
the paper, or the replica that Berkeley trained and gave away (Caffe, ``models/bvlc_alexnet``).
``form="caffenet"`` is Berkeley's other one (``models/bvlc_reference_caffenet``): as "caffe", with
each pool before its norm:

====================  =======================  =======================  =======================
point                 ``form="code"``          ``form="paper"``         ``form="caffe"``
====================  =======================  =======================  =======================
stage 1               conv, norm, pool, ReLU   conv, ReLU, norm, pool   conv, ReLU, norm, pool
norm's alpha          1e-4 divided by n = 5    1e-4, not divided        1e-4 divided by n = 5
norm's k              2                        2                        1
norm's neighbours     maps of the same tower   all maps                 all maps
second norm, stage 2  inside each map, 5x5     none                     none
                      (never published)
pictures              224x224                  224x224                  227x227
====================  =======================  =======================  =======================

The first two take 224x224 pictures to 55x55 maps. The original shape rule rounds *up*
(``layer.py`` line 1004), so the last window hangs over the edge by three pixels and reads zeros
there; padding 224 to 227 on the right and at the bottom does the same. That is the whole mystery
of "224 or 227".

Shapes below are (batch, channels, height, width). Inputs are normalised pictures, outputs logits.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Form = Literal["code", "paper", "caffe", "caffenet"]

# The paper's constants (section 3.3). ALPHA is undivided, as the formula has it.
LRN_SIZE, LRN_ALPHA, LRN_BETA, LRN_K = 5, 1e-4, 0.75, 2.0
CAFFE_LRN_K = 1.0  # Caffe's default, which models/bvlc_alexnet does not change
# The released code's second norm in stage 2 (layer-params-145-2010.cfg; k from layer_kernels).
MAP_NORM_SIZE, MAP_NORM_SCALE, MAP_NORM_BETA, MAP_NORM_K = 5, 1e-3, 0.75, 1.0


def _inverse_power(base: Tensor, beta: float) -> Tensor:
    """``base ** -beta``; for beta = 3/4 by two square roots, which every GPU kernel set has."""
    if beta == 0.75:
        root = torch.rsqrt(base)
        return root * torch.sqrt(root)
    return base.pow(-beta)


class ResponseNorm(nn.Module):
    """Local response normalisation across channels: ``x / (k + alpha * mean(x**2)) ** beta``.

    The mean runs over ``size`` neighbouring channels (zeros beyond the ends), so ``alpha`` is
    what `torch.nn.LocalResponseNorm`, Caffe and the released code call alpha: the paper's formula
    sums instead and needs ``size`` times as much here. ``towers`` splits the channels into
    groups that do not see each other, as two GPUs did.

    Written as a 4-D average pool over (channel, position): PyTorch's own module exports to a
    5-D pool that WebGPU lacks, and ONNX's LRN operator has no WebGPU kernel.

    Args:
        size: odd number of channels in the window.
        alpha, beta, k: the constants; ``beta`` 0.75 takes the fast path.
        towers: number of separate groups of channels.

    Shape: (N, C, H, W) to the same; C must be a multiple of ``towers``.

    Raises:
        ValueError: ``size`` is even.
    """

    def __init__(
        self,
        size: int = LRN_SIZE,
        alpha: float = LRN_ALPHA,
        beta: float = LRN_BETA,
        k: float = LRN_K,
        towers: int = 1,
    ) -> None:
        super().__init__()
        if size % 2 == 0:
            raise ValueError(f"size must be odd, not {size}")
        self.size, self.alpha, self.beta, self.k, self.towers = size, alpha, beta, k, towers

    def mean(self, x: Tensor) -> Tensor:
        """The mean of x over neighbouring channels of the same tower, (N, C, H, W) to the same."""
        n, c, h, w = x.shape
        split = x.reshape(n, self.towers, c // self.towers, h * w)
        mean = F.avg_pool2d(split, (self.size, 1), stride=1, padding=(self.size // 2, 0))
        return mean.reshape(n, c, h, w)

    def forward(self, x: Tensor) -> Tensor:
        return x * _inverse_power(self.k + self.alpha * self.mean(x * x), self.beta)

    def extra_repr(self) -> str:
        return (
            f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}, towers={self.towers}"
        )


class WithinNorm(nn.Module):
    """Caffe's normalisation within channels: ``x / (k + alpha * mean over size x size of x**2) **
    beta``, zeros beyond the edges. Shape: (N, C, H, W) to the same.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        mean = F.avg_pool2d(x * x, self.size, stride=1, padding=self.size // 2)
        return x * _inverse_power(self.k + self.alpha * mean, self.beta)


class MapNorm(WithinNorm):
    """Response normalisation inside each map: ``x / (k + scale * mean over 5x5 of x**2) ** beta``.

    It stands after the cross-channel norm of stage 2 in ``layers-145.cfg`` (type ``rnorm``) and
    in no publication. Shape: (N, C, H, W) to the same.
    """

    def __init__(self) -> None:
        super().__init__(MAP_NORM_SIZE, MAP_NORM_SCALE, MAP_NORM_BETA, MAP_NORM_K)


class CeilPad(nn.Module):
    """Zeros on the right and at the bottom, so that a floor-rounding layer acts as a ceil one.

    Args:
        size: height and width of the input, pixels.
        kernel, stride: of the layer that follows.
    """

    def __init__(self, size: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.amount = -(size - kernel) % stride

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, self.amount, 0, self.amount)) if self.amount else x


class Chained(nn.Module):
    """Two runs of layers with a flattening between: a network as a file describes it.

    Shape: (N, 3, size, size) to (N, classes).
    """

    def __init__(self, features: nn.Sequential, classifier: nn.Sequential) -> None:
        super().__init__()
        self.features, self.classifier = features, classifier

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(image).flatten(1))
        return logits


class AlexNet2012(nn.Module):
    """The 2012 network: five convolutions in two towers, three fully connected layers.

    Args:
        num_classes: number of logits.
        image_size: height and width of the input, pixels.
        hidden: width of fc6 and fc7 (4096 in 2012).
        conv1_stride, conv1_padding: 4 and 0 in 2012.
        dropout: probability of silencing an output of fc6 or fc7 while training.
        form: "code", "paper", "caffe" or "caffenet"; the module's docstring has the table.
        map_norm: keep the code's unpublished second norm of stage 2 (``form="code"`` only).
        lrn_alpha: 1e-4 suits pixels of 0 to 255 less their mean; ``form="paper"`` does not
            divide it by n.

    Shape: (N, 3, image_size, image_size) to (N, num_classes) logits. At 224 the maps are 55, 27,
    13, 13, 13, 6 pixels wide. 60,965,224 parameters at the defaults.

    Raises:
        ValueError: an unknown form, or a picture too small for the stack.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        image_size: int = 224,
        *,
        hidden: int = 4096,
        conv1_stride: int = 4,
        conv1_padding: int = 0,
        dropout: float = 0.5,
        form: Form = "code",
        map_norm: bool = True,
        lrn_alpha: float = LRN_ALPHA,
    ) -> None:
        super().__init__()
        if form not in get_args(Form):
            raise ValueError(f"form must be one of {', '.join(get_args(Form))}, not {form!r}")
        self.image_size, self.form = image_size, form
        # The original shape rule rounds convolutions up; with a border there is no need, and Caffe
        # rounds them down.
        caffe = form in ("caffe", "caffenet")
        overhang = conv1_padding == 0 and not caffe
        pad = CeilPad(image_size, 11, conv1_stride) if overhang else CeilPad(11, 11, 1)
        size = (image_size + pad.amount + 2 * conv1_padding - 11) // conv1_stride + 1
        widths = [size]  # of the maps before each pool, and after the last
        for _ in range(3):
            widths.append((widths[-1] - 3 + caffe) // 2 + 1)  # Caffe rounds pools up
        final = widths[-1]
        if final < 1:
            raise ValueError(f"image_size {image_size} is too small: pool5 would be empty")

        def norm() -> ResponseNorm:
            if form == "paper":
                return ResponseNorm(alpha=lrn_alpha * LRN_SIZE)
            if caffe:
                return ResponseNorm(alpha=lrn_alpha, k=CAFFE_LRN_K)
            return ResponseNorm(alpha=lrn_alpha, towers=2)

        def pool(stage: int) -> nn.MaxPool2d:  # 3 wide, 2 apart: they overlap (section 3.4)
            return nn.MaxPool2d(3, stride=2, ceil_mode=caffe and widths[stage] % 2 == 0)

        stages: list[tuple[str, nn.Module]] = [
            ("pad", pad),
            ("conv1", nn.Conv2d(3, 96, 11, conv1_stride, conv1_padding)),
        ]
        if form == "code":
            stages += [("norm1", norm()), ("pool1", pool(0)), ("relu1", nn.ReLU())]
        elif form == "caffenet":
            stages += [("relu1", nn.ReLU()), ("pool1", pool(0)), ("norm1", norm())]
        else:
            stages += [("relu1", nn.ReLU()), ("norm1", norm()), ("pool1", pool(0))]
        stages += [
            ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)),
            ("relu2", nn.ReLU()),
        ]
        if form == "caffenet":
            stages += [("pool2", pool(1)), ("norm2", norm())]
        else:
            stages.append(("norm2", norm()))
            if form == "code" and map_norm:
                stages.append(("mapnorm2", MapNorm()))
            stages.append(("pool2", pool(1)))
        stages += [
            ("conv3", nn.Conv2d(256, 384, 3, padding=1)),  # sees both towers
            ("relu3", nn.ReLU()),
            ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)),
            ("relu4", nn.ReLU()),
            ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)),
            ("relu5", nn.ReLU()),
            ("pool5", pool(2)),
        ]
        self.features = nn.Sequential(OrderedDict(stages))
        self.classifier = nn.Sequential(
            OrderedDict(
                fc6=nn.Linear(256 * final * final, hidden),
                relu6=nn.ReLU(),
                drop6=nn.Dropout(dropout),  # on the outputs, as in 2012
                fc7=nn.Linear(hidden, hidden),
                relu7=nn.ReLU(),
                drop7=nn.Dropout(dropout),
                fc8=nn.Linear(hidden, num_classes),
            )
        )

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(image).flatten(1))
        return logits


# Pixels of 0 to 255 have a standard deviation of about 70 in Tiny ImageNet; ours are divided by
# it. Response normalisation is not scale-free, so alpha grows by that factor squared (0.49).
ALEXNET64_LRN_ALPHA = 0.5


def alexnet64(num_classes: int = 200, dropout: float = 0.5) -> AlexNet2012:
    """The 2012 stack for 64x64 pictures, small enough to bundle: 5,949,000 parameters.

    The same layers in the same order as ``AlexNet2012(form="code")``: two towers, 96/256/384/
    384/256 filters, response normalisation, overlapping pooling, dropout on fc6 and fc7. What
    differs from 2012, and why:

    * conv1 steps by 2 pixels, not 4, with padding 4: a 64-pixel picture would shrink to nothing.
      Maps are 31, 15, 7, 7, 7, 3 pixels wide, so no pooling window hangs over.
    * fc6 and fc7 are 1024 wide, not 4096: in 2012 they held 96 % of the parameters.
    * 200 classes (Tiny ImageNet).
    * inputs are divided by their standard deviation, so the norm's alpha is 0.5 instead of 1e-4.
    * no second norm in stage 2: it was never published, costs a tenth of the training time, and
      run #167 of the 2012 notes did as well with no norm there at all.

    Shape: (N, 3, 64, 64) to (N, num_classes) logits.
    """
    return AlexNet2012(
        num_classes,
        64,
        hidden=1024,
        conv1_stride=2,
        conv1_padding=4,
        dropout=dropout,
        map_norm=False,
        lrn_alpha=ALEXNET64_LRN_ALPHA,
    )
