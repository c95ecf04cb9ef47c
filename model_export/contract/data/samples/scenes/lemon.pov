// Three lemons, one of them cut, on a blue cloth.
#include "common.inc"
camera { location <0, 3.1, -6.3> look_at <-0.1, 0.62, 0> angle 36 right x*4/3 }
Lamp(<-6, 9, -4>, rgb <1.0, 0.97, 0.90>*1.2, 4)
background { rgb <0.48, 0.50, 0.54> }
plane { y, 0 hollow
  pigment { RGB(96, 128, 158) }
  normal { average normal_map { [1 bumps 0.5 scale <2.2, 1, 0.7> rotate y*20] [0.5 quilted 0.6 scale 0.022] } }
  finish { diffuse 0.75 } }
#declare Zest = texture {
  pigment { bozo scale 0.4 turbulence 0.4 color_map { [0 RGB(240, 196, 14)] [0.6 RGB(248, 214, 32)] [1 RGB(250, 224, 60)] } }
  normal { average normal_map { [1.5 bumps 0.5 scale 0.03] [1 dents 0.45 scale 0.04] [0.6 bumps 0.4 scale 0.3] } }
  finish { diffuse 0.85 specular 0.35 roughness 0.03 }
}
// long axis along x; a nipple at one end, the stem scar at the other
#declare Body = isosurface {
  function { sqrt(pow(x/1.3, 2) + y*y + z*z) - 0.86
    - 0.36*exp(-pow((x - 1.22)/0.22, 2))*exp(-(y*y+z*z)/0.07)
    - 0.10*exp(-pow((x + 1.08)/0.16, 2))*exp(-(y*y+z*z)/0.06)
    - 0.07*f_noise(x*1.3, y*1.3, z*1.3) }
  contained_by { box { <-1.5, -1, -1>, <1.75, 1, 1> } } max_gradient 2.8 accuracy 0.002
  texture { Zest }
}
#declare Scar = sphere { 0, 1 scale <0.03, 0.07, 0.07> translate -x*1.2 pigment { RGB(122, 112, 50) } }
#declare Lemon = union { object { Body } object { Scar } }
#declare f_r = function { sqrt(y*y + z*z) }
#declare f_seg = function { abs(mod(atan2(z, y)/(2*pi)*9 + 18, 1) - 0.5) }
#declare f_cut = function {
  max(max(0, min(1, (f_r(x,y,z) - 0.765)/0.025)),
  max(max(0, min(1, (0.07 - f_r(x,y,z))/0.03)),
      max(0, min(1, (0.026 - (0.5 - f_seg(x,y,z))*0.698*f_r(x,y,z))/0.016)))) }
// juice sacs: cells drawn out towards the rim
#declare f_sac = function { 0.65*f_noise(atan2(z, y)*15 + 3*f_noise(y*4, z*4, 5), f_r(x,y,z)*8 + 40*f_seg(x,y,z), 1.5)
                          + 0.35*f_noise(y*22, z*22, 7) }
#declare Pulp = pigment { function { f_sac(x, y, z) }
  color_map { [0.2 RGB(226, 190, 40)] [0.5 RGB(242, 218, 90)] [0.75 RGB(250, 238, 160)] } }
#declare HalfLemon = union {
  intersection { object { Body } plane { x, -0.004 texture { Zest } } }
  disc { 0, x, 0.853 texture {
    pigment { function { f_cut(x, y, z) } pigment_map { [0 Pulp] [0.6 RGB(250, 240, 190)] [1 RGB(252, 248, 222)] } }
    normal { bumps 0.12 scale 0.04 }
    finish { diffuse 0.85 specular 0.45 roughness 0.015 } } }
}
object { Lemon rotate <20, 0, 4> rotate y*158 translate <-1.0, 0.86, 0.75> }
object { Lemon scale 0.95 rotate <120, 0, -4> rotate y*-24 translate <1.3, 0.84, 1.25> }
object { HalfLemon rotate x*10 rotate z*24 rotate y*70 translate <0.72, 0.82, -0.75> }
