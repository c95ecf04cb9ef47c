// A seven-spotted ladybug on a leaf.
#include "common.inc"
camera { location <-1.9, 3.1, -5.4> look_at <0.05, 0.45, 0> angle 33 right x*4/3 }
Lamp(<-6, 10, -5>, rgb <1.0, 0.97, 0.90>*1.15, 4)
background { rgb <0.42, 0.52, 0.40> }
plane { -z, -12 pigment { bozo turbulence 0.2 octaves 2 scale 5 color_map { [0.2 RGB(58, 104, 44)] [0.8 RGB(150, 186, 96)] } } finish { diffuse 0.7 } rotate x*25 }
// the leaf: a sheet with a midrib and side veins
#declare f_vein = function {
  min(1, 0.9*max(0, 1 - abs(z)/0.07) + 0.75*max(0, 1 - abs(mod(abs(x*0.8 - abs(z)*0.55) + 20, 0.9) - 0.45)/0.045)) }
#declare f_small = function { max(0, 1 - abs(f_noise(x*6, 3, z*6) - 0.5)/0.035) }
isosurface {
  function { y + 0.04*z*z + 0.015*x*x - 0.10*f_vein(x, y, z)*0.3 - 0.02*f_small(x, y, z) - 0.2*(f_noise(x*0.5, 0, z*0.5)-0.5) }
  contained_by { box { <-9, -4, -4.6>, <9, 0.6, 4.6> } } max_gradient 2 accuracy 0.004
  texture {
    pigment { function { 0.7*f_vein(x, y, z) + 0.25*f_small(x, y, z) + 0.35*f_noise(x*2, y*2, z*2) - 0.1 }
      color_map { [0 RGB(52, 106, 26)] [0.3 RGB(76, 134, 38)] [0.9 RGB(150, 186, 88)] } }
    normal { bumps 0.25 scale 0.06 }
    finish { diffuse 0.8 specular 0.22 roughness 0.05 } }
  rotate y*24
}
#declare Shine = finish { diffuse 0.8 specular 0.55 roughness 0.012 reflection { 0.01, 0.25 fresnel on } conserve_energy }
#declare Black = texture { pigment { RGB(18, 16, 16) } finish { Shine } }
// wing cases: spots as distances on the unit half-sphere, seam along x
#declare f_dot = function(x, y, z, a, b, r) { r - sqrt(pow(x - a, 2) + pow(abs(z) - b, 2)) }
#declare f_spots = function {
  max(max(f_dot(x, y, z, 0.62, 0, 0.17), f_dot(x, y, z, 0.22, 0.50, 0.165)),
  max(max(f_dot(x, y, z, -0.30, 0.34, 0.175), f_dot(x, y, z, -0.32, 0.80, 0.12)), 0.018 - abs(z))) }
union {
  intersection {
    sphere { 0, 1 } plane { -y, 0.08 }
    texture { pigment { function { min(0.999, max(0.001, 0.5 + f_spots(x, y, z)*10)) } pigment_map {
      [0.40 bozo scale 0.6 color_map { [0 RGB(196, 26, 12)] [1 RGB(222, 48, 18)] }] [0.6 RGB(20, 16, 16)] } }
      normal { bumps 0.03 scale 0.06 } finish { Shine } }
    scale <1.06, 0.76, 0.92> }
  // collar and head, with pale patches
  sphere { 0, 1 texture { pigment { function { min(0.999, max(0.001, 0.5 + 12*(0.30 - sqrt(pow(x - 0.62, 2) + pow(abs(z) - 0.74, 2) + 0.3*pow(y - 0.2, 2))))) }
      color_map { [0.4 RGB(18, 16, 16)] [0.6 RGB(232, 226, 206)] } } finish { Shine } }
    scale <0.42, 0.40, 0.60> translate <0.94, 0.10, 0> }
  sphere { 0, 1 scale <0.26, 0.24, 0.32> translate <1.30, 0.0, 0> texture { Black } }
  sphere { <1.455, 0.09, 0.19>, 0.035 pigment { RGB(238, 232, 212) } }
  sphere { <1.455, 0.09, -0.19>, 0.035 pigment { RGB(238, 232, 212) } }
  #local S = -1;
  #while (S < 2)
    sphere_sweep { cubic_spline 5, <1.3, 0, S*0.1>, 0.03, <1.42, 0.06, S*0.18>, 0.025, <1.62, 0.10, S*0.30>, 0.02,
      <1.76, 0.05, S*0.40>, 0.035, <1.9, 0, S*0.5>, 0.03 texture { Black } }
    #local L = 0;
    #while (L < 3)
      sphere_sweep { linear_spline 4, <0.7 - L*0.62, -0.05, S*0.6>, 0.06, <0.86 - L*0.72, 0.06, S*1.02>, 0.045,
        <0.96 - L*0.84, -0.22, S*1.22>, 0.035, <1.04 - L*0.9, -0.24, S*1.34>, 0.03 texture { Black } }
      #local L = L + 1;
    #end
    #local S = S + 2;
  #end
  interior { ior 1.5 }
  rotate y*148 translate <0.1, 0.27, 0>
}
