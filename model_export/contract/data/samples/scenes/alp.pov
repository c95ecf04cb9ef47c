// Snowy peaks above dark forest, in clear weather.
#include "common.inc"
camera { location <-0.6, 0.62, -4.6> look_at <0.25, 1.22, 2> angle 38 right x*4/3 }
light_source { <-70, 46, -48> rgb <1.0, 0.93, 0.82>*1.5 }
sky_sphere {
  pigment { gradient y color_map { [0 RGB(196, 216, 238)] [0.22 RGB(120, 172, 226)] [0.6 RGB(52, 104, 184)] } }
  pigment { bozo turbulence 0.8 octaves 8 omega 0.55 scale <0.5, 0.11, 0.5> translate <1.7, 0.31, 0>
    color_map { [0 rgbt 1] [0.55 rgbt 1] [0.8 rgbt <1,1,1,0.25>] [1 rgbt <1,1,1,0.1>] } }
}
fog { fog_type 2 distance 42 fog_offset 0 fog_alt 0.9 color rgbt <0.55, 0.68, 0.86, 0.1> }
#declare Rough = finish { diffuse 0.85 }
#declare Rock = pigment { granite scale <0.25, 0.12, 0.25> color_map { [0 RGB(64, 60, 62)] [0.5 RGB(104, 98, 98)] [1 RGB(140, 132, 128)] } }
#declare Snow = pigment { RGB(244, 247, 252) }
#declare Wood_ = pigment { granite scale 0.05 color_map { [0 RGB(14, 26, 16)] [0.5 RGB(34, 54, 32)] [1 RGB(62, 84, 44)] } }
#declare Meadow = pigment { bozo scale 0.12 turbulence 0.6 octaves 6 color_map { [0 RGB(74, 104, 44)] [0.6 RGB(112, 138, 60)] [1 RGB(140, 158, 84)] } }
#declare Slopes = pigment { slope { <0, 1, 0>, 0, 1 } pigment_map { [0.46 Rock] [0.74 Snow] [1 Snow] } }
#declare f_height = function {
  min(0.999, max(0.02,
    (0.10 + 0.36*f_ridged(x*2.6+7.3, 3.1, y*2.6+2.2, 0.95, 2.15, 10, 1.0, 2.0, 2)*
    (0.25 + 0.75*exp(-pow((y - 0.60)/0.26, 2)))*(0.75+0.5*exp(-pow((x-0.52)/0.16,2)))
    - 0.05)*min(1, 0.12 + max(0, y - 0.16)*3.0) )) }
height_field {
  function 900, 900 { f_height(x, 1 - y, 0) }
  smooth
  texture {
    pigment { function { max(0.001, y + 0.10*(f_noise(x*14, y*14, z*14) - 0.5) + 0.05*(f_noise(x*60, y*60, z*60) - 0.5)) }
      pigment_map { [0.085 Meadow scale 0.1] [0.10 Wood_ scale 0.1] [0.235 Wood_ scale 0.1] [0.265 Rock scale 0.1] [0.34 Slopes scale 0.1] [1 Slopes scale 0.1] } }
    normal { granite 0.12 scale 0.03 }
    finish { Rough } }
  translate <-0.5, 0, -0.5> scale <14, 5.0, 14> translate z*3.5
}
plane { y, 0.01 texture { pigment { Meadow } finish { Rough } normal { bumps 0.5 scale 0.05 } } }
